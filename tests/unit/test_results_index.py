"""results.json lists each file with what is in it, and the archive holds those that may be passed on."""

import json
import zipfile
from hashlib import sha256
from types import SimpleNamespace

import pytest

from replisome.config.schema import validate
from replisome.errors import ReplisomeError
from replisome.io import file_hash, write_json, write_text
from replisome.report.crate import crate
from replisome.report.index import index
from replisome.report.made_with import made_with
from replisome.stages import crate as stage
from replisome.tracking.record import Record
from replisome.tracking.verify import output_hashes, record_digest

RUN = "cells/control/runs/cnn/lr=0.01+pool=max/seed=0"
PLAN = SimpleNamespace(
    name="cells",
    settings={"title": "Cells"},
    recipes={"control": {}},
    runs=[SimpleNamespace(directory=RUN)],
    searches={},
    experiments={"variants": {}},
)
TRAINED = {
    **{"study": "cells", "device": "cpu", "processor": "one", "cores": 2, "threads": 1, "precision": "32-true"},
    **{"python": "3.11", "packages": {"torch": "2"}, "ended": "2026-11-26T10:00:00+00:00", "seconds": 1.5},
}


def record(folder, stage, also=()):
    found = {"stage": stage, "outputs": output_hashes(folder, also)}
    found |= {"started": "2026-11-26T09:00:00+00:00", "ended": "2026-11-26T10:00:00+00:00"}
    write_json(folder / "provenance.json", {**found, "digest": record_digest(found)})


@pytest.fixture
def results(tmp_path):
    """A results folder with a recipe, a run that was tested, verdicts, and a page."""
    root = tmp_path / "demo"
    for name, text in (
        ("cells/control/train.parquet", "data"),
        ("cells/control/card.json", "{}"),
        (f"{RUN}/best.safetensors", "weights"),
        (f"{RUN}/config.json", "{}"),
        (f"{RUN}/test/metrics.json", "{}"),
        (f"{RUN}/test/predictions.parquet", "items"),
        ("cells/claims/settings.json", "{}"),
        ("cells/claims.json", "[]"),
        ("report.html", "<p>"),
    ):
        write_text(root / name, text)
    record(root / "cells" / "control", "prepare")
    record(root / RUN, "train")
    record(root / RUN / "test", "evaluate")
    record(root / "cells" / "claims", "judge", [root / "cells" / "claims.json"])
    return root


@pytest.fixture
def listed(results):
    made = made_with([{**TRAINED, "seed": 0, "card_joules": 2.0}, {**TRAINED, "seed": 1}])
    found = index([PLAN], results, "demo", made, [results / "report.html"])
    write_json(results / "results.json", found)
    return found


def test_the_index_has_its_form_and_each_file_once_with_its_hash(listed, results):
    validate(listed, "results", "results.json")
    files = {entry["path"]: entry for entry in listed["files"]}
    assert len(files) == len(listed["files"]) == 9
    for path, entry in files.items():
        assert entry["sha256"] == sha256((results / path).read_bytes()).hexdigest()
        assert entry["bytes"] == (results / path).stat().st_size
    metrics = files[f"{RUN}/test/metrics.json"]
    assert (metrics["stage"], metrics["run"]) == ("evaluate", RUN)
    assert metrics["record"] == f"{RUN}/test/provenance.json"
    assert files["cells/claims.json"]["stage"] == "judge"
    assert files["report.html"]["record"] is None


def test_a_file_that_is_gone_is_not_listed(results):
    (results / "cells" / "control" / "train.parquet").unlink()
    paths = [entry["path"] for entry in index([PLAN], results, "demo", [], [])["files"]]
    assert "cells/control/train.parquet" not in paths
    assert "cells/control/card.json" in paths


def test_runs_of_one_machine_and_day_are_counted_together(listed):
    (row,) = listed["studies"]["cells"]["made_with"]
    assert (row["runs"], row["seeds"], row["seconds"]) == (2, [0, 1], 3.0)
    assert (row["card_joules"], row["card_runs"]) == (2.0, 1)


def test_runs_of_another_machine_have_a_row_of_their_own():
    rows = made_with([{**TRAINED, "seed": 0}, {**TRAINED, "seed": 0, "device": "a card"}])
    assert [(row["device"], row["runs"], row["card_joules"]) for row in rows] == [("cpu", 1, None), ("a card", 1, None)]


@pytest.fixture
def settings(results):
    path = results / "crate" / "settings.json"
    sources = {name: file_hash(stage.REPOSITORY / name) for name in ("Snakefile", "README.md")}
    write_json(path, {"preset": "demo", "sources": sources, "snakemake": "9.0"})
    return path


@pytest.fixture
def packed(listed, results, settings, monkeypatch):
    monkeypatch.setattr(Record, "__init__", lambda self, *about: None)
    monkeypatch.setattr(Record, "write", lambda self, *about: None)
    stage.run(settings, results, settings.parent)
    with zipfile.ZipFile(results / "crate.zip") as archive:
        assert archive.testzip() is None
        return archive.namelist(), json.loads(archive.read("ro-crate-metadata.json"))["@graph"]


def test_the_archive_holds_what_may_be_passed_on(packed):
    names, _ = packed
    kept = {"results/results.json", "results/report.html", "results/cells/claims.json", f"results/{RUN}/config.json"}
    kept |= {f"results/{RUN}/provenance.json", f"results/{RUN}/test/provenance.json"}
    assert {"Snakefile", "README.md", "settings.json", *kept} <= set(names)
    assert not [name for name in names if name.endswith(("safetensors", "predictions.parquet", "train.parquet"))]


def test_the_archive_is_described_as_the_run_of_a_workflow(packed):
    names, graph = packed
    by_id = {entity["@id"]: entity for entity in graph}
    root = by_id["./"]
    assert root["mainEntity"] == {"@id": "Snakefile"}
    assert "https://w3id.org/ro/wfrun/workflow/0.5" in {profile["@id"] for profile in root["conformsTo"]}
    run = by_id[root["mentions"]["@id"]]
    assert (run["@type"], run["instrument"]) == ("CreateAction", {"@id": "Snakefile"})
    assert (run["startTime"], run["endTime"]) == ("2026-11-26T09:00:00+00:00", "2026-11-26T10:00:00+00:00")
    results = {entity["@id"] for entity in run["result"]}
    assert len(results) == len([name for name in names if name.startswith("results/")])
    page = by_id["results/report.html"]
    assert page["sha256"] == sha256(b"<p>").hexdigest()
    assert page["encodingFormat"] == "text/html"


def test_a_file_that_changed_since_the_index_was_written_is_not_packed(listed, results, settings):
    write_text(results / "cells" / "claims.json", "[1]")
    with pytest.raises(ReplisomeError, match=r"cells/claims\.json: is not what results\.json says"):
        stage.run(settings, results, settings.parent)
    assert not (results / "crate.zip").exists()


def test_the_archive_names_the_presets_and_studies_it_holds(listed, results, settings):
    made = crate(listed, results, stage.REPOSITORY, [], settings, "9.0")
    assert "preset demo" in made.name
    assert "Cells" in made.description
