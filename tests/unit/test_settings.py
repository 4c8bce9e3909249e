import pytest

from replisome.config.schema import overlay, read_yaml, validate
from replisome.errors import ReplisomeError, did_you_mean

CONFIG = {
    "studies": ["bloodmnist"], "preset": "full", "results_dir": "r", "resources_dir": "s", "mirror": None,
    "precision": "auto", "stand_ins": False,
    "max_epochs": None, "max_steps": None, "max_seeds": None, "max_hours": None,
    "bundle": None, "jobs_per_gpu": None, "overrides": {},
}  # fmt: skip


def test_numbers_in_exponent_form_are_numbers(tmp_path):
    (tmp_path / "a.yaml").write_text("lr: 1e-4\nother: 5E+2\nplain: 0.001\nname: none\nempty: null\n")
    assert read_yaml(tmp_path / "a.yaml") == {"lr": 1e-4, "other": 500.0, "plain": 0.001, "name": "none", "empty": None}


def test_a_key_given_twice_is_named_with_its_line(tmp_path):
    (tmp_path / "a.yaml").write_text("a: 1\nb: 2\na: 3\n")
    with pytest.raises(ReplisomeError, match=r"a\.yaml, line 3: key 'a' is given twice"):
        read_yaml(tmp_path / "a.yaml")


def test_broken_yaml_is_named_with_its_line(tmp_path):
    (tmp_path / "a.yaml").write_text("a: 1\nb: [1, 2\nc: 3\n")
    with pytest.raises(ReplisomeError, match=r"a\.yaml, line 3"):
        read_yaml(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"results": "x"}, r"origin: unknown key 'results'; did you mean 'results_dir'"),
        ({"stand_ins": "yes"}, r"key 'stand_ins': 'yes' is of type string, expected boolean"),
        ({"studies": []}, r"key 'studies': is empty"),
        ({"max_epochs": 0}, r"key 'max_epochs': 0 is less than the minimum of 1"),
    ],
)
def test_configuration_errors_name_the_key_and_the_remedy(change, message):
    with pytest.raises(ReplisomeError, match=message):
        validate({**CONFIG, **change}, "config", "origin")


def test_a_missing_key_is_named():
    with pytest.raises(ReplisomeError, match="'preset' is a required property; add it"):
        validate({k: v for k, v in CONFIG.items() if k != "preset"}, "config", "origin")


def test_an_overlay_merges_mappings_replaces_lists_and_removes_nulls():
    base = {"a": {"x": 1, "y": 2}, "b": [1, 2], "c": 3}
    assert overlay(base, {"a": {"y": 5}, "b": [9], "c": None}) == {"a": {"x": 1, "y": 5}, "b": [9]}
    assert base == {"a": {"x": 1, "y": 2}, "b": [1, 2], "c": 3}


def test_near_names_are_suggested():
    assert did_you_mean("cn", ["cnn", "lstm"]) == "; did you mean 'cnn'?"
    assert did_you_mean("zzz", ["cnn", "lstm"]) == "; known: cnn, lstm"
