"""What must hold across the code, whatever it does."""

import ast
import re
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from replisome import studies
from replisome.fingerprint import closure, imports
from replisome.keys import ROOTS
from replisome.settings import SCHEMAS, read_yaml, schema, validate
from replisome.source import ROOT as LIBRARY
from replisome.source import module_file
from replisome.studies.bloodmnist.data import medmnist_info

ROOT = Path(__file__).resolve().parents[2]
# Floors of the house, the ground first: a module imports from its own floor and those below it.
GROUND = {
    "errors",
    "source",
    "io",
    "settings",
    "grid",
    "fingerprint",
    "keys",
    "provenance",
    "prepared",
    "rawfiles",
    "splits",
    "duplicates",
    "budget",
}
PARTS = {"models", "encode", "training", "statistics", "plots"}
PLANS = {"plan", "configuration", "results", "variants"}


def floor(module: str) -> int:
    part = module.split(".")[1] if "." in module else ""
    if part in ("", "__init__"):
        return 0
    if part == "__main__":
        return 5
    if part == "stages":
        return 4
    if part == "studies":
        # The registry is a part like that of the models; a study's own code stands above the plan.
        return 3 if module.count(".") > 1 else 1
    return 0 if part in GROUND else 1 if part in PARTS else 2 if part in PLANS else pytest.fail(f"{module}: no floor")


def all_modules():
    for path in sorted(LIBRARY.rglob("*.py")):
        parts = path.relative_to(LIBRARY).with_suffix("").parts
        yield ".".join(["replisome", *(p for p in parts if p != "__init__")]), path


def test_each_floor_imports_only_from_its_own_and_those_below():
    wrong = [
        f"{module} imports {other}"
        for module, path in all_modules()
        for other in imports(path)
        if floor(other) > floor(module)
    ]
    assert wrong == []


def test_a_study_is_imported_by_nothing_but_itself():
    wrong = [
        f"{module} imports {other}"
        for module, path in all_modules()
        for other in imports(path)
        if re.match(r"replisome\.studies\.\w+", other) and not module.startswith(".".join(other.split(".")[:3]))
    ]
    assert wrong == []


def test_there_are_no_circles():
    graph = {module: imports(path) for module, path in all_modules()}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail, module])
        if module not in done:
            for other in graph.get(module, ()):
                visit(other, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("name", studies.available())
@pytest.mark.parametrize("stage", ["prepare", "select", "summarise", "figures", "report"])
def test_stages_that_need_no_torch_do_not_import_it(stage, name):
    identity = {"implementation": name, "implementations": [name], "recipe": {"source": {"control": "any"}}}
    for module in closure([f"replisome.stages.{stage}", *ROOTS[stage](identity)]):
        tops = {
            node.module if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.parse(module_file(module).read_text()).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not {top for top in tops if top.split(".")[0] in ("torch", "lightning_fabric")}, module


def test_no_study_is_named_in_a_rules_file():
    names = {path.stem for path in (ROOT / "config" / "studies").glob("*.yaml")} | set(studies.available())
    for path in [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]:
        found = {name for name in names if name in path.read_text()}
        assert found == set(), path.name


def test_files_can_be_held_in_the_head():
    limits = {".py": 320, ".smk": 220}
    for path in [*LIBRARY.rglob("*.py"), *(ROOT / "workflow" / "rules").glob("*.smk")]:
        assert len(path.read_text().splitlines()) <= limits[path.suffix], path.name
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 80


@pytest.mark.parametrize("name", sorted(path.name.split(".")[0] for path in SCHEMAS.glob("*.yaml")))
def test_schemas_are_closed_and_valid(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))

    def check(node, where):
        if isinstance(node, dict):
            if "properties" in node and node.get("type") == "object":
                assert node.get("additionalProperties") is False, f"{name}: {where} takes unknown keys"
            for key, value in node.items():
                check(value, f"{where}.{key}")

    check(schema(name), "")


def keys_of(node) -> set[str]:
    found: set[str] = set()
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            found |= set(node["properties"])
        for value in node.values():
            found |= keys_of(value)
    elif isinstance(node, list):
        for value in node:
            found |= keys_of(value)
    return found


@pytest.mark.parametrize("name", sorted(path.name.split(".")[0] for path in SCHEMAS.glob("*.yaml")))
def test_every_key_of_every_schema_is_explained(name):
    text = (ROOT / "config" / "README.md").read_text()
    missing = {key for key in keys_of(schema(name)) if f"`{key}`" not in text}
    assert missing == set()


def test_the_shipped_configuration_is_valid():
    config = read_yaml(ROOT / "config" / "config.yaml")
    for preset in ("config", "quick", "control", "demo"):
        validate({**config, **read_yaml(ROOT / "config" / f"{preset}.yaml")}, "config", preset)
    for path in (ROOT / "config" / "studies").glob("*.yaml"):
        validate(read_yaml(path), "study", path.name)


@pytest.mark.parametrize("name", studies.available())
def test_every_table_and_figure_has_a_caption_and_a_function(name):
    study = studies.get(name)
    for part, items in (("tables", study.tables), ("figures", study.figures)):
        module = study.part(part)
        assert [item for item in items if not callable(getattr(module, item, None))] == []
        for item in items:
            assert (ROOT / "workflow" / "report" / name / f"{item}.rst").read_text().strip(), item


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^\s*(?:- )?([A-Za-z0-9_.-]+)==(\S+)$", path.read_text(), re.MULTILINE))


def test_the_conda_environment_has_the_same_pins():
    wanted = pins(ROOT / "envs" / "requirements.txt")
    conda = pins(ROOT / "envs" / "replisome.yaml")
    assert conda == {name: wanted[name] for name in conda}
    left_out = set(wanted) - set(conda)
    assert left_out == {"snakemake", "snakemake-executor-plugin-slurm", "Pygments"}  # of Snakemake itself, not of jobs
    extra = pins(ROOT / "envs" / "requirements-no-deps.txt")
    script = (ROOT / "envs" / "replisome.post-deploy.sh").read_text()
    assert all(f"{name}=={version}" in script for name, version in extra.items())


def test_everything_the_library_imports_is_pinned():
    names = {"yaml": "PyYAML", "sklearn": "scikit-learn", "lightning_fabric": "lightning-fabric", "Bio": "biopython"}
    wanted = {name.lower() for name in pins(ROOT / "envs" / "replisome.yaml")}
    for module, path in all_modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                tops = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                for top in (t.split(".")[0] for t in tops):
                    if top not in sys.stdlib_module_names and top != "replisome":
                        assert names.get(top, top).lower() in wanted, f"{module} imports {top}"


def test_the_ledger_agrees_with_medmnist():
    for name, entry in read_yaml(ROOT / "config" / "datasets.yaml").items():
        if "medmnist" in entry:
            info = medmnist_info(entry["medmnist"])
            assert entry["addresses"][0] == info["url"], name
            assert entry["checksum"] == f"md5:{info['MD5']}", name
            assert entry["licence"] == info["license"], name


def test_no_profile_overrides_another():
    default = yaml.safe_load((ROOT / "workflow" / "profiles" / "default" / "config.yaml").read_text())
    assert not {"executor", "jobs", "retries", "default-resources", "cores"} & set(default)
    assert (ROOT / "slurm").resolve() == ROOT / "workflow" / "profiles" / "slurm"
    assert (ROOT / "profiles").resolve() == ROOT / "workflow" / "profiles"


def test_claims_have_names_of_their_own_and_no_two_speak_of_the_same_value():
    claims = read_yaml(ROOT / "config" / "claims.yaml")
    validate(claims, "claims", "claims.yaml")
    assert len({claim["id"] for claim in claims}) == len(claims)
    keys = [(c["study"], c["source"], c["quantity"], str(sorted(c.get("where", {}).items()))) for c in claims]
    assert len(set(keys)) == len(keys)
