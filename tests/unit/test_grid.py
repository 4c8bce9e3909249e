import json
from dataclasses import replace

import pytest
from snakemake.target_jobs import parse_target_jobs_cli_args
from snakemake_interface_executor_plugins.utils import TargetSpec, encode_target_jobs_cli_args

from replisome.config.grid import Run, Variant, distinct, points, seeds, slug
from replisome.errors import ReplisomeError
from replisome.io import canonical_json


def a_run(config: dict, experiment: str = "one", **changes) -> Run:
    about = {"study": "s", "recipe": "r", "model": "m", "slug": "lr=0.1", "seed": 0, **changes}
    return Run(**about, experiment=experiment, config=canonical_json(config))


def test_equal_settings_are_equal_text_whatever_their_order():
    assert canonical_json({"b": 1, "a": [1, 2.5, None]}) == canonical_json({"a": [1, 2.5, None], "b": 1})
    assert canonical_json({"b": 1, "a": True}) == '{"a":true,"b":1}'


def test_canonical_json_refuses_nan():
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json({"lr": float("nan")})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"pool": "max", "head": "logits", "lr": 0.001}, "head=logits+lr=0.001+pool=max"),
        ({"lr": 1e-5, "deep": True, "width": 64}, "deep=true+lr=1e-05+width=64"),
        ({}, "default"),
    ],
)
def test_slug_is_sorted_and_readable(values, expected):
    assert slug(values) == expected


def test_a_slug_reaches_a_cluster_node_unchanged():
    wildcards = {"slug": slug({"lr": 1e20, "pool": "max", "head": "logits"}), "seed": "0"}
    sent = encode_target_jobs_cli_args([TargetSpec("train", wildcards)])
    assert parse_target_jobs_cli_args(sent)[0].wildcards_dict == wildcards
    assert wildcards["slug"] == "head=logits+lr=1e20+pool=max"


@pytest.mark.parametrize("value", ["a/b", "a b", "ä", "", "a=b", "a,b", "a+b"])
def test_slug_refuses_what_does_not_belong_into_a_path(value):
    with pytest.raises(ReplisomeError, match="path"):
        slug({"k": value})


def test_slug_refuses_more_than_a_file_name_takes():
    with pytest.raises(ReplisomeError, match="characters"):
        slug({f"key{n}": "x" * 20 for n in range(12)})


def test_points_are_every_combination():
    found = points({"b": [1, 2], "a": ["x"]})
    assert found == [{"a": "x", "b": 1}, {"a": "x", "b": 2}]
    assert points({}) == [{}]


def test_seeds_are_a_count_or_a_list():
    assert seeds(3) == [0, 1, 2]
    assert seeds([7, 11]) == [7, 11]


def test_a_run_that_two_experiments_share_is_trained_once():
    runs = {"one": [a_run({"lr": 0.1})], "two": [a_run({"lr": 0.1}, experiment="two")]}
    assert [run.experiment for run in distinct(runs)] == ["one"]


def test_a_run_that_two_experiments_share_is_tested_with_the_weights_of_both():
    one, two = a_run({"lr": 0.1}), a_run({"lr": 0.1}, experiment="two")
    for first, second in ((one, replace(two, also_tested=("last",))), (replace(one, also_tested=("last",)), two)):
        assert [run.tested_weights for run in distinct({"one": [first], "two": [second]})] == [("best", "last")]


def test_two_runs_of_one_path_and_different_settings_are_refused_with_the_difference():
    one, two = a_run({"training": {"weight_decay": 0}}), a_run({"training": {"weight_decay": 1}}, experiment="two")
    with pytest.raises(ReplisomeError, match=r"'one' and 'two'.*training\.weight_decay.*grid"):
        distinct({"one": [one], "two": [two]})


def test_the_path_shows_everything_that_tells_runs_apart():
    run = a_run({"lr": 0.1}, seed=3)
    assert run.directory == "s/r/runs/m/lr=0.1/seed=3"
    assert run.settings == json.loads(run.config)


def test_a_variant_writes_the_configuration_of_a_run_as_it_would_stand_alone():
    for settings in ({"budget": {"epochs": 3}, "study": "s", "recipe": {"seed": 7}}, {"study": "s"}, {"budget": {}}):
        variant = Variant.of(settings)
        assert variant.with_seed(12) == canonical_json({**settings, "seed": 12})
        assert {**variant.settings, "seed": 12} == json.loads(variant.with_seed(12))


def test_runs_that_differ_in_their_seed_share_what_they_have_in_common():
    variant = Variant.of({"training": {"lr": 0.1}, "study": "s"})
    runs = [a_run({}, seed=seed) for seed in (0, 1)]
    runs = [replace(run, config=variant.with_seed(run.seed), variant=variant) for run in runs]
    assert [run.settings for run in runs] == [json.loads(run.config) for run in runs]
    assert runs[0].settings["training"] is runs[1].settings["training"]
