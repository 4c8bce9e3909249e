"""A study that lacks something is refused by name before anything runs, and by mypy before that."""

import dataclasses
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from mypy import api

from replisome.config import catalogue, checks, declared
from replisome.data.parquet import column_array
from replisome.data.raw_files import RawFile
from replisome.errors import ReplisomeError
from replisome.models import DataSpec, build
from replisome.stages.prepare import _check_card
from replisome.studies import _template
from replisome.studies._template.control import draw_blobs
from replisome.studies._template.data import prepare
from replisome.tracking.introspect import ROOT

RECIPE = {"name": "r", "source": {"dataset": "x"}, "split": "random", "encoding": "numbers", "normalisation": "zscore"}


def copy_template(studies, name: str) -> None:
    shutil.copytree(ROOT / "studies" / "_template", studies / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (studies / name).rglob("*.py"):
        path.write_text(path.read_text().replace("_template", name))


def edit(path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path} has no {old!r}"
    path.write_text(text.replace(old, new))


# ---- what the configuration check says


@pytest.fixture
def studies(tmp_path, monkeypatch):
    """A folder with a copy of the template called leaves, which is where the checks look for studies."""
    folder = tmp_path / "studies"
    copy_template(folder, "leaves")
    monkeypatch.setattr(checks, "STUDIES", folder)
    monkeypatch.setattr(declared, "STUDIES", folder)
    monkeypatch.setattr(declared, "ROOT", tmp_path)
    monkeypatch.setattr(declared, "COMMON", {"table": (), "figure": ()})
    return folder


LEAVES = dataclasses.replace(_template.STUDY, name="leaves")


def test_the_template_and_all_studies_have_what_the_contract_asks_for():
    checks.check_contract(_template.STUDY)
    for name in catalogue.study_names():
        checks.check_contract(catalogue.study(name))


def test_the_template_is_no_study():
    assert "_template" not in catalogue.study_names()
    with pytest.raises(ReplisomeError, match="unknown study implementation '_template'"):
        catalogue.study("_template")


def test_an_unbroken_copy_passes(studies):
    checks.check_contract(LEAVES)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("task.py", "def predictions(", "def answers(", r"task\.py defines no .*'RowClassification'.* 'predictions'"),
        ("task.py", "    def terms(", "    def number(", r"task\.py defines no .* 'terms'"),
        ("task.py", "def open_task(", "def open(", r"task\.py defines no function 'open_task'"),
        ("data.py", "def prepare(", "def make(", r"data\.py defines no function 'prepare'"),
        ("control.py", "def draw_blobs(", "def blobs(", r"control\.py defines no function 'draw_blobs'"),
        ("predictions.py", "def variant_name(", "def name(", r"predictions\.py defines no function 'variant_name'"),
        ("figures/curves.py", '@figure("Validation score against epoch")\n', "", "declares no figure; put @figure"),
        ("figures/__init__.py", '"curves"', '"losses"', r"TOPICS names losses, but there is no .*losses\.py"),
        ("tables/__init__.py", "TOPICS", "topics", r"tables/__init__\.py needs a line such as TOPICS"),
        (
            "tables/scores.py",
            '    """Validation and test score',
            '    _ = """Validation',
            "table 'scores' has no caption",
        ),
    ],
)
def test_a_broken_copy_is_refused_with_the_file_and_what_it_lacks(studies, file, old, new, message):
    edit(studies / "leaves" / file, old, new)
    with pytest.raises(ReplisomeError, match=message):
        checks.check_contract(LEAVES)


@pytest.mark.parametrize("file", ["data.py", "control.py", "task.py", "predictions.py", "recipe.schema.yaml"])
def test_a_missing_file_is_named(studies, file):
    (studies / "leaves" / file).unlink()
    with pytest.raises(ReplisomeError, match=file.replace(".", r"\.")):
        checks.check_contract(LEAVES)


# ---- what mypy says

LIBRARIES = ("torch", "numpy", "pandas", "pyarrow", "scipy", "matplotlib", "sklearn", "yaml", "jsonschema")
BROKEN = {
    "no_predictions": ("task.py", "def predictions(", "def answers("),
    "prepare_takes_less": ("data.py", "(recipe: Mapping[str, Any], files: Mapping[str, RawFile])", "(recipe: int)"),
    "name_of_nothing": (
        "predictions.py",
        "def variant_name(study: StudyResults, variant: Variant) -> str",
        "def variant_name() -> str",
    ),
}


@pytest.mark.slow
def test_mypy_passes_on_a_copy_and_fails_on_each_broken_one(tmp_path):
    """The types of libraries count as any, which is quicker by a minute and leaves the contract's own."""
    package = tmp_path / "replisome"
    kept_out = shutil.ignore_patterns("__pycache__", *catalogue.study_names())
    shutil.copytree(ROOT, package, ignore=kept_out)
    for name in ("leaves", *BROKEN):
        copy_template(package / "studies", name)
    for name, (file, old, new) in BROKEN.items():
        edit(package / "studies" / name / file, old, new)
    left_out = ("follow_imports = skip", "follow_imports_for_stubs = true", "ignore_missing_imports = true")
    sections = ["\n".join([f"[mypy-{library}.*]", *left_out]) for library in LIBRARIES]
    (tmp_path / "mypy.ini").write_text("\n".join(["[mypy]", f"mypy_path = {tmp_path}", *sections]))
    where = ["--config-file", str(tmp_path / "mypy.ini"), "--cache-dir", str(tmp_path / "cache")]
    files = [str(package / "studies" / name / "__init__.py") for name in ("leaves", *BROKEN)]
    told, errors, _ = api.run([*where, "--python-executable", sys.executable, *files])
    assert errors == ""
    found = {line for line in told.splitlines() if ": error: " in line}
    for name, protocol in zip(BROKEN, ("TaskModule", "DataModule", "PredictionsModule"), strict=True):
        mine = {line for line in found if f"/{name}/__init__.py" in line}
        assert len(mine) == 1, told
        assert f'variable has type "{protocol}"' in mine.pop()
    assert not {line for line in found if "/leaves/" in line}, told


# ---- what the template does with data


IN_TEST = int(np.random.default_rng(0).permutation(40)[-1])  # a row that is not in the training split


@pytest.fixture
def csv(tmp_path):
    """Write a table of 40 rows of two classes."""

    def write(change=None):
        rng = np.random.default_rng(0)
        table = pd.DataFrame({"a": rng.normal(size=40), "b": rng.normal(size=40), "label": ["oak", "elm"] * 20})
        if change:
            table = change(table)
        table.to_csv(tmp_path / "x.csv", index=False)
        return {"x": RawFile(tmp_path / "x.csv", {})}

    return write


def test_a_csv_file_is_split_and_scaled_by_its_training_split(csv):
    prepared = prepare(RECIPE, csv())
    assert {name: len(table) for name, (table, _) in prepared.tables.items()} == {
        "train": 28,
        "validation": 6,
        "test": 6,
    }
    assert prepared.card["class_names"] == ["elm", "oak"]
    train = column_array(prepared.tables["train"][0], "features", (2,))
    np.testing.assert_allclose(prepared.statistics["mean"], train.mean(axis=0), rtol=1e-6)


def test_a_row_that_stands_in_two_splits_stays_in_the_later_one(csv):
    prepared = prepare(RECIPE, csv(lambda table: pd.concat([table, table.iloc[:20]])))
    rows = [
        tuple(row)
        for table, _ in prepared.tables.values()
        for row in set(map(tuple, column_array(table, "features", (2,))))
    ]
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.rename(columns={"label": "kind"}), "no column 'label' .*present: a, b, kind"),
        (lambda t: t.assign(b="?"), "column 'b' holds something else than numbers"),
        (lambda t: t.assign(a=t["a"].where(t.index != 3)), "line 5: no value in column 'a'"),
        (lambda t: t.assign(label=["elm" if row == IN_TEST else "oak" for row in t.index]), "no row of class 'elm'"),
    ],
)
def test_a_bad_file_is_one_message(csv, change, message):
    with pytest.raises(ReplisomeError, match=rf"x\.csv: .*{message}"):
        prepare(RECIPE, csv(change))


def test_the_controls_ceiling_is_what_its_oracle_reaches():
    drawn = draw_blobs(rows=40_000)
    assert drawn.ceiling == pytest.approx(0.8708, abs=1e-3)
    assert drawn.oracle["train"] == pytest.approx(drawn.ceiling, abs=3 * np.sqrt(0.87 * 0.13 / 40_000))
    with pytest.raises(ReplisomeError, match="control 'blobs'"):
        draw_blobs(rows=3)


def test_the_perceptron_takes_vectors_and_nothing_else():
    model = build("mlp", DataSpec((5,), 3), {"hidden": 4, "depth": 2})
    assert sum(p.numel() for p in model.parameters()) == (5 * 4 + 4) + (4 * 4 + 4) + (4 * 3 + 3)
    with pytest.raises(ReplisomeError, match="model 'mlp' needs vectors"):
        build("mlp", DataSpec((3, 8, 8), 3), {})


def test_a_data_card_without_counts_is_refused_before_anything_trains():
    _check_card({"counts": {"train": 3}}, "control")
    with pytest.raises(ReplisomeError, match=r"recipe 'control': the study's data card has no 'counts'"):
        _check_card({"ceiling": {}}, "control")
