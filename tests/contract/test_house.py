"""What must hold across the code, whatever it does."""

import ast
import re
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from replisome.config import declared
from replisome.config.catalogue import model_names, model_traits, study, study_names
from replisome.config.checks import check_contract
from replisome.config.schema import SCHEMAS, read_yaml, schema, validate
from replisome.config.study_files import folder_names, known_names, read_study
from replisome.stages import accept
from replisome.studies.bloodmnist.data import medmnist_info
from replisome.tracking.code_fingerprint import closure, imports
from replisome.tracking.introspect import ROOT as LIBRARY
from replisome.tracking.introspect import module_file
from replisome.tracking.stage_key import ROOTS

ROOT = Path(__file__).resolve().parents[2]


def all_modules():
    for path in sorted(LIBRARY.rglob("*.py")):
        parts = path.relative_to(LIBRARY).with_suffix("").parts
        yield ".".join(["replisome", *(p for p in parts if p != "__init__")]), path


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


@pytest.mark.parametrize("name", study_names())
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
        assert not {top for top in tops if top.split(".")[0] == "torch"}, module


def test_results_of_every_stage_can_be_accepted():
    assert accept.SETTINGS.keys() == ROOTS.keys()


def test_no_study_is_named_in_a_rules_file():
    names = {*known_names(ROOT), *study_names()}
    for path in [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]:
        found = {name for name in names if name in path.read_text()}
        assert found == set(), path.name


def test_files_can_be_held_in_the_head():
    limits = {".py": 320, ".smk": 220}
    for path in [*LIBRARY.rglob("*.py"), *(ROOT / "workflow" / "rules").glob("*.smk")]:
        assert len(path.read_text().splitlines()) <= limits[path.suffix], path.name
    assert len((ROOT / "Snakefile").read_text().splitlines()) < 80


def test_test_modules_have_names_of_their_own():
    # The folders of tests are no packages: pytest cannot import a second module of the same name.
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", sorted(path.name.split(".")[0] for path in SCHEMAS.glob("*.yaml")))
def test_schemas_are_closed_and_valid(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))

    def check(node, where):
        if isinstance(node, dict):
            # What else a recipe has, the study's own schema says.
            if "properties" in node and node.get("type") == "object" and where != ".$defs.recipe":
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
    text = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    missing = {key for key in keys_of(schema(name)) if f"`{key}`" not in text and f".{key}`" not in text}
    assert missing == set()


def test_the_shipped_configuration_is_valid():
    config = read_yaml(ROOT / "config" / "config.yaml")
    for preset in ("config", "quick", "control", "demo"):
        validate({**config, **read_yaml(ROOT / "config" / f"{preset}.yaml")}, "config", preset)
    for name in folder_names(ROOT):
        files = read_study(name, ROOT)
        for preset in ("full", *files.presets):
            assert files.with_preset(preset)["experiments"], (name, preset)


@pytest.mark.parametrize("name", study_names())
def test_a_study_has_what_its_contract_asks_for_and_every_table_and_figure_is_a_function(name):
    check_contract(study(name))
    for item in (*declared.tables(name).values(), *declared.figures(name).values()):
        assert callable(item.function()), item
        assert item.title, item
    same = declared.tables(name).keys() & declared.figures(name).keys()
    assert not same, f"a table and a figure of one name would share their anchor on the page: {same}"


@pytest.mark.parametrize("name", study_names())
@pytest.mark.parametrize("kind", ["table", "figure"])
def test_every_topic_of_a_study_is_on_the_page(name, kind):
    folder = LIBRARY / "studies" / name / declared.FOLDERS[kind]
    listed = {module.rpartition(".")[2] for module in declared.modules(name, kind)}
    assert {path.stem for path in folder.glob("[!_]*.py")} <= listed


def test_models_are_told_apart_by_their_traits_and_not_by_their_names():
    """Only a model's own file, and what a study knows of the rows of its paper, may name a model."""
    names = set(model_names())
    wrong = []
    for module, path in all_modules():
        if module.startswith("replisome.models") or path.name == "paper.py":
            continue
        wrong += [
            f"{module}:{node.lineno}: {constant.value}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Compare | ast.match_case | ast.Dict | ast.Tuple | ast.Set | ast.List)
            for constant in ast.walk(node)
            if isinstance(constant, ast.Constant) and constant.value in names
        ]
    assert wrong == []


def test_every_model_says_what_it_is_and_gives():
    for name in model_names():
        assert model_traits(name).kind, name


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
    names = {"yaml": "PyYAML", "sklearn": "scikit-learn", "Bio": "biopython", "pynvml": "nvidia-ml-py", "PIL": "pillow"}
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
    assert (ROOT / "workstation").resolve() == ROOT / "workflow" / "profiles" / "workstation"
    assert (ROOT / "profiles").resolve() == ROOT / "workflow" / "profiles"


def test_claims_have_names_of_their_own_and_no_two_speak_of_the_same_value():
    claims = [(name, claim) for name in folder_names(ROOT) for claim in read_study(name, ROOT).claims]
    assert len({claim["id"] for _, claim in claims}) == len(claims) > 0
    asks = [(name, str(claim.get("paper")), claim["ask"]) for name, claim in claims if claim["ask"]["kind"] == "value"]
    values = [(name, paper, str(ask["of"]), str(ask["number"])) for name, paper, ask in asks]
    assert len(set(values)) == len(values)
