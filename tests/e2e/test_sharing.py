"""What is passed on: the index of the results and the archive that is made on demand."""

import json
import zipfile

from replisome.config.schema import validate
from replisome.io import file_hash


def test_the_index_lists_every_result_and_the_archive_is_made_once(workflow):
    results = workflow.root / "results" / "demo"
    found = json.loads((results / "results.json").read_text())
    validate(found, "results", "results.json")
    listed = {entry["path"]: entry["sha256"] for entry in found["files"]}
    assert all(file_hash(results / path) == expected for path, expected in listed.items())
    folders = ("bloodmnist/*/", "bloodmnist/*/runs/**/", "bloodmnist/selection/*/")
    made = {
        path.relative_to(results).as_posix()
        for folder in folders
        for path in results.glob(f"{folder}*")
        if path.is_file()
    }
    records = {path for path in made if path.endswith("provenance.json")}
    assert len(records) > 5
    assert made - records <= listed.keys()

    done = workflow.run("crate")
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(results / "crate.zip") as archive:
        assert archive.testzip() is None
        assert {"Snakefile", "ro-crate-metadata.json", "results/report.html"} <= set(archive.namelist())
        assert "workflow/src/replisome/__init__.py" in archive.namelist()
        assert not [name for name in archive.namelist() if "__pycache__" in name or "/." in name]
        asked = json.loads(archive.read("settings.json"))
    assert asked["configuration"]["studies"] == ["bloodmnist"]
    assert "mirror" not in asked["configuration"]
    assert workflow.pending("crate") == {}

    # The page asks for records beside tables; those are of no recipe, though they are called as those of recipes.
    assert "Exception" not in workflow.run("--dry-run").stdout

    workflow.edit("README.md", "replisome", "Replisome")
    assert workflow.pending("crate") == {"crate": 1}
