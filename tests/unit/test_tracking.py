import sys

import pytest

from replisome.config.catalogue import explains, study_names
from replisome.errors import ReplisomeError
from replisome.tracking import code_fingerprint as module
from replisome.tracking import running_code
from replisome.tracking.code_fingerprint import closure, fingerprint, imports
from replisome.tracking.introspect import ROOT, parse
from replisome.tracking.record import Record
from replisome.tracking.stage_key import ROOTS, stage_key, stage_modules

SOURCE = '''
"""Docstring."""
from replisome import helper


def f(x: int) -> int:
    """What f does."""
    return helper.g(x) + 1
'''


@pytest.fixture
def package(tmp_path):
    (tmp_path / "main.py").write_text(SOURCE)
    (tmp_path / "helper.py").write_text("def g(x):\n    from replisome import lazy\n    return lazy.h(x)\n")
    (tmp_path / "lazy.py").write_text("def h(x):\n    return x\n")
    (tmp_path / "unrelated.py").write_text("VALUE = 1\n")

    def current() -> str:
        for cached in (parse, module._module_hash, fingerprint):
            cached.cache_clear()
        return fingerprint("replisome.main", root=tmp_path)

    return tmp_path, current


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        ("main.py", "+ 1", "+ 1  # a comment", False),
        ("main.py", "What f does.", "Something else.", False),
        ("main.py", '"""Docstring."""', "", False),
        ("main.py", "return helper.g(x) + 1", "return (\n        helper.g(x) + 1\n    )", False),
        ("main.py", "+ 1", "+ 2", True),
        ("main.py", "x: int", "x: float", True),
        ("lazy.py", "return x", "return -x", True),
        ("unrelated.py", "1", "2", False),
    ],
)
def test_only_what_can_change_a_number_changes_the_fingerprint(package, file, old, new, changes):
    folder, current = package
    before = current()
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    assert (current() != before) is changes


DECLARED = """
from replisome.analysis.declare import table


@table("One title")
def scores(study):
    \"\"\"One caption.\"\"\"
    return study.pick(role="final")
"""


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("One title", "Another title", False),
        ("One caption.", "Another caption.", False),
        ("final", "best", True),
        ('@table("One title")\n', "@cached\n", True),
    ],
)
def test_titles_and_captions_do_not_count(package, old, new, changes):
    folder, current = package
    (folder / "analysis").mkdir()
    (folder / "analysis" / "declare.py").write_text("")
    (folder / "main.py").write_text(DECLARED)
    before = current()
    (folder / "main.py").write_text(DECLARED.replace(old, new))
    assert (current() != before) is changes


def test_tables_depend_on_every_topic_of_their_study_and_on_its_predictions():
    roots = ROOTS["summarise"](identity())
    topics = {path.stem for path in (ROOT / "studies" / "bloodmnist" / "tables").glob("[!_]*.py")}
    assert {f"replisome.studies.bloodmnist.tables.{topic}" for topic in topics} <= set(roots)
    assert "replisome.studies.bloodmnist.predictions" in closure(roots)


def test_the_fingerprint_is_the_same_under_every_python(package):
    """A pinned value: ast.dump differs between 3.11, 3.12 and 3.13, ours must not."""
    _, current = package
    assert current() == "b0e5a00fd72a91eb"


def test_type_checking_imports_do_not_count(tmp_path):
    path = tmp_path / "m.py"
    path.write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from replisome import io\n")
    assert imports(path) == set()


def test_unknown_module_is_an_error():
    with pytest.raises(LookupError, match=r"replisome\.nothing"):
        fingerprint("replisome.nothing")


def identity(**changes) -> dict:
    return {
        "implementation": "bloodmnist",
        "implementations": ["bloodmnist"],
        "model": "cnn",
        "recipe": {"name": "r", "source": {"dataset": "bloodmnist"}},
        **changes,
    }


def test_training_depends_on_its_model_and_not_on_tables_figures_or_preparation():
    modules = closure(["replisome.stages.train", *ROOTS["train"](identity())])
    assert {"replisome.models.cnn", "replisome.training.loop", "replisome.studies.bloodmnist.task"} <= modules
    for part in ("tables", "figures", "data", "control", "predictions"):
        assert not {m for m in modules if m.startswith(f"replisome.studies.bloodmnist.{part}")}
    assert not {m for m in modules if m.startswith("replisome.stages.")} - {"replisome.stages.train"}
    assert "replisome.studies.bloodmnist" not in modules  # how scores are shown stands there
    assert not {m for m in modules if m.startswith("replisome.analysis")}


def test_scoring_depends_on_the_model_and_not_on_how_it_was_trained():
    modules = closure(["replisome.stages.evaluate", *ROOTS["evaluate"](identity())])
    assert "replisome.models.cnn" in modules
    assert not {"replisome.training.loop", "replisome.training.optim", "replisome.training.checkpoint"} & modules


def test_a_recipe_depends_on_the_control_only_if_it_draws_one():
    real = closure(["replisome.stages.prepare", *ROOTS["prepare"](identity())])
    drawn = closure(["replisome.stages.prepare", *ROOTS["prepare"](identity(recipe={"source": {"control": "cells"}}))])
    assert "replisome.studies.bloodmnist.control" not in real
    assert "replisome.studies.bloodmnist.control" in drawn


def test_a_key_follows_the_settings():
    one, two = identity(seed=0), identity(seed=1)
    assert stage_key("train", one) == stage_key("train", dict(reversed(one.items())))
    assert stage_key("train", one) != stage_key("train", two)
    assert stage_key("train", one) != stage_key("evaluate", one)


def test_every_stage_has_roots_that_exist():
    stages = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__", "download", "accept"}
    assert stages == set(ROOTS)
    for name, stage in [(name, stage) for name in study_names() for stage in stages]:
        if stage != "explain" or explains(name):
            about = identity(implementation=name)
            closure([f"replisome.stages.{stage}", *ROOTS[stage]({**about, "study": about})])


def test_names_of_packages_that_stand_in_records_alone_do_not_count(package):
    folder, current = package
    (folder / "tracking").mkdir()
    (folder / "tracking" / "versions.py").write_text("PACKAGES = ('torch',)\n")
    (folder / "lazy.py").write_text("from replisome.tracking import versions\ndef h(x):\n    return x\n")
    before = current()
    (folder / "tracking" / "versions.py").write_text("PACKAGES = ('torch', 'numpy')\n")
    assert current() == before


def test_the_code_is_hashed_before_it_is_imported(monkeypatch):
    """An edit that is saved while a stage starts is not recorded as what ran: the stage does not start."""
    done = []
    monkeypatch.delitem(sys.modules, "replisome.stages.select", raising=False)  # as in a process that starts
    monkeypatch.setattr(running_code, "code_fingerprint", lambda *_: done.append("hashed"))
    monkeypatch.setattr(running_code.importlib, "import_module", done.append)
    running_code.import_stage("select", identity())
    assert done[0] == "hashed"
    assert {"replisome.stages.select", "replisome.config.plan"} <= set(done)
    texts = iter(["before", "after"])
    monkeypatch.setattr(running_code, "_content", lambda modules: next(texts))
    with pytest.raises(ReplisomeError, match="changed while it started"):
        running_code.import_stage("select", identity())


def test_a_record_has_the_fingerprint_that_was_taken_first(monkeypatch):
    first = module.fingerprint(*stage_modules("select", identity()))
    monkeypatch.setattr(module, "_module_hash", lambda path: "edited since")
    assert Record("select", identity()).code == first
