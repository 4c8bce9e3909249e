"""A finished run's predictions of validation and test say what each item adds to the scores that its files have."""

import json

import pytest
from small_results import CASES, finished

from replisome.analysis.scores import item_scores
from replisome.analysis.variants import variants
from replisome.data.parquet import read_parquet


@pytest.fixture(scope="module", params=CASES)
def study(request, tmp_path_factory):
    return finished(request.param, tmp_path_factory.mktemp(request.param))


def scores_of(study, run, split, kind):
    folder = study.root / run.directory
    if split == "validation":
        return json.loads((folder / "validation.json").read_text())[kind]
    found = json.loads((folder / "test" / "metrics.json").read_text())
    return found["scores"] if kind == found["weights"] else found["also"][kind]


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize("kind", ["best", "last"])
def test_what_items_add_is_the_score_of_each_seed_in_its_files(study, split, kind):
    (variant,) = variants(study)
    seeds = [scores_of(study, run, split, kind) for run in variant.runs]
    unknown = set()
    for score in study.plan.implementation.scores:
        found = item_scores(study, variant.at(kind), score, split)
        if found is None:
            unknown.add(score.name)
            continue
        assert found.values == pytest.approx([own[score.name] for own in seeds], rel=1e-4, nan_ok=True), score.name
        assert found.items <= len(study.predictions(variant.runs[0], kind, split))
    assert unknown == CASES[study.plan.name]["unknown"]


def test_both_splits_are_there_with_both_weights_and_items_count_from_the_first_of_each(study):
    for run in study.plan.runs:
        table, metadata = read_parquet(study.root / run.directory / "test" / "predictions.parquet")
        frame = table.select(["split", "weights", "item"]).to_pandas()
        sizes = {split: len(study.prepared(run.recipe, split)[0]) for split in ("validation", "test")}
        assert dict(frame.groupby(["split", "weights"], observed=True).size()) == {
            (split, kind): size for split, size in sizes.items() for kind in ("best", "last")
        }
        for (split, _), rows in frame.groupby(["split", "weights"], observed=True):
            assert rows["item"].tolist() == list(range(sizes[split]))
        assert metadata["diverged"] == {split: {"best": None, "last": None} for split in sizes}


def test_columns_that_are_kept_of_test_alone_are_left_out_of_validation(study):
    run = study.plan.runs[0]
    both, tested = (set(study.predictions(run, None, split)) for split in ("validation", "test"))
    expected = {"proteinnet": {"distances"}, "rnacompete": {"measured"}}.get(study.plan.name, set())
    assert tested - both == expected
    assert both <= tested
