"""Each command and each block of code on the pages of the documentation does what the page says, or is said to."""

from __future__ import annotations

import contextlib
import doctest
import functools
import io
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import documented
import pytest
import yaml
from conftest import ROOT
from docs.building.results_page import KINDS
from documented import ELSEWHERE, PAGES, SHELL, Block, blocks_of, is_run, program
from snakemake import cli

from replisome.__main__ import main
from replisome.api.new import check as new_check
from replisome.commands import door, stage
from replisome.config import loader
from replisome.config.schema import read_yaml, validate

pytestmark = pytest.mark.slow
EXAMPLES = doctest.OutputChecker()
LOOSE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
RULES = {
    name
    for path in (ROOT / "workflow" / "rules").glob("*.smk")
    for name in re.findall(r"^\s*(?:rule|checkpoint) (\w+):", path.read_text(), re.MULTILINE)
} | {"all"}
# Programs of others that pages may call: what they are called with is not read.
OTHERS = {
    ".ci/run",
    "cp",
    "cd",
    "echo",
    "git",
    "jupyter",
    "mkdir",
    "mlflow",
    "mv",
    "pip",
    "pre-commit",
    "python3",
    "source",
}
OTHERS |= {"squeue", "tensorboard", "tmux", "uv", "xdg-open"}
LIMITS = ("max_epochs", "max_steps", "max_seeds", "max_hours")
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Path:
    """A folder that looks like the repository to who works in it: what commands write goes here."""
    for path in ROOT.iterdir():
        if path.name not in ("config", "results", "resources", "workflow", ".git", ".snakemake", "site"):
            (tmp_path / path.name).symlink_to(path)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    for folder in ("results", "resources", "workflow/src/replisome"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "workflow" / "profiles").symlink_to(ROOT / "workflow" / "profiles")
    monkeypatch.setattr(new_check, "repository", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pages
def test_every_block_of_a_page_runs_or_is_read(page, clone, request):
    blocks = blocks_of(page)
    if any(is_run(block) and "results/demo" in block.text for block in blocks):
        (clone / "results" / "demo").symlink_to(request.getfixturevalue("demo"))
    names: dict[str, object] = {"__name__": "page"}
    printed = ""
    for block in blocks:
        try:
            printed = run(block, clone, names, printed)
        except (AssertionError, Exception) as error:
            raise AssertionError(f"{block.place}: {error}\n{block.text}") from error


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 120


def test_every_file_of_results_is_in_the_reference_with_the_stage_that_makes_it(demo):
    strange, seen = [], set()
    for file in json.loads((demo / "results.json").read_text())["files"]:
        kinds = [kind for kind in KINDS if kind.matches(file["path"])]
        seen.update(kinds)
        if Path(file["path"]).name != "provenance.json" and [kind.stage for kind in kinds] != [file["stage"]]:
            strange.append((file["path"], file["stage"], kinds))
    assert strange == []
    # What a demo does not have: searches, rounds, explanations, probes, and what is made on demand.
    missing = {kind.path for kind in KINDS if kind not in seen}
    assert missing == {
        path for path in missing if re.search(r"pilot|search|explanation|precision|crate|rounds|results.json", path)
    }


def run(block: Block, clone: Path, names: dict[str, object], printed: str) -> str:
    """Run one block, or read it; returns what it printed."""
    if block.mark == "file":
        file = clone / block.word
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text)
    elif block.mark == "output":
        assert EXAMPLES.check_output(rounded(block.text), rounded(printed), LOOSE), f"printed instead:\n{printed}"
    elif block.mark == "elsewhere":
        assert block.word in ELSEWHERE, f"{block.word} is none of {', '.join(ELSEWHERE)}"
        for words in block.commands():
            read(program(words), clone, own=block.word == "own")
    elif block.language in SHELL:
        return "".join(call(program(words), clone) for words in block.commands())
    elif block.language == "python" and block.mark != "part":
        code = compile(block.text, block.place, "exec")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(code, names)
        return out.getvalue()
    else:
        parse(block)
    return ""


def rounded(text: str) -> str:
    """Return text with its numbers to one digit behind the point: machines differ in the others."""
    return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.1f}", text)


def parse(block: Block) -> None:
    """Read a block that is part of a file."""
    match block.language:
        case "yaml":
            assert list(yaml.safe_load_all(block.text))
        case "json":
            json.loads(block.text)
        case "toml":
            tomllib.loads(block.text)
        case "python":
            compile(block.text, block.place, "exec")
        case language:
            assert language in documented.TEXT, "say of the block which language it is in, or that it is text"
            for words in re.findall(r"^(?:\$ )?(\S+)", block.text, re.MULTILINE):
                assert words not in ("snakemake", "replisome", "make"), "a command in a block of text"


def call(words: list[str], clone: Path) -> str:
    """Do what a command says, within the clone; returns what it printed."""
    if words[0] == "replisome":
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            code = main(words[1:])
        assert code == 0, f"replisome ended with {code}: {out.getvalue()}{err.getvalue()}"
        return out.getvalue()
    read(words, clone)
    return ""


def read(words: list[str], clone: Path, own: bool = False) -> None:
    """Read a command without running it: what it is called with must be there, but for what is the reader's own."""
    match words:
        case ["snakemake", *arguments]:
            read_snakemake(arguments, clone, own)
        case ["make", *targets]:
            have = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            assert {word for word in targets if "=" not in word} <= set(have), f"make has {', '.join(have)}"
        case ["replisome", *arguments]:
            read_replisome(arguments)
        case ["python", "-m", "pytest", *arguments]:
            for path in filter(lambda word: word.startswith("tests"), arguments):
                assert (ROOT / path.partition("::")[0]).exists(), f"there is no {path}"
        case ["python", "-m", module, *_] if module.startswith(("tests.", "docs.")):
            assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), f"there is no {module}"
        case ["python", script, *_] if script.endswith(".py"):
            assert (ROOT / script).exists(), f"there is no {script}"
        case _:
            assert words[0] in OTHERS, f"what is {words[0]}?"


@contextlib.contextmanager
def parsed() -> Iterator[None]:
    """Turn the end of the process by which argparse refuses a command line into a failed test."""
    with contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            yield
        except SystemExit as error:
            raise AssertionError(err.getvalue()) from error


def read_replisome(arguments: list[str]) -> None:
    """Read the options of a command."""
    if arguments and arguments[0] in stage.STAGES and arguments[0] not in door.COMMANDS:
        with parsed():
            stage._parser().parse_args(arguments)
        return
    command: click.Command = door.door
    context = click.Context(command)
    while isinstance(command, click.Group) and arguments:
        if arguments[0].startswith("-"):
            break
        found = command.get_command(context, arguments[0])
        assert found is not None, f"there is no command {arguments[0]}"
        command, context, arguments = found, click.Context(found, parent=context, info_name=arguments[0]), arguments[1:]
    _, left_over, _ = command.make_parser(context).parse_args(list(arguments))
    assert left_over == [], f"nothing takes {left_over}"


def read_snakemake(arguments: list[str], clone: Path, own: bool) -> None:
    """Read a call of Snakemake: its options, its configuration, its targets."""
    with parsed():
        _, options = cli.parse_args(arguments)
    given = cli.parse_config(options.config) if options.config else {}
    laid_over = [yaml.safe_load((clone / path).read_text()) for path in options.configfile or ()]
    config = read_yaml(ROOT / "config" / "config.yaml")
    for layer in [*laid_over, given]:
        config |= layer
    validate(loader.with_numbers(config), "config", "the command")
    if own:
        return
    # What decides which runs there are; the rest says where they lie and how far they go.
    config |= {"mirror": None, "results_dir": "results/x", **dict.fromkeys(LIMITS)}
    studies = planned(json.dumps(config), clone if changed(clone) else ROOT)
    for target in options.targets:
        assert target in RULES | studies or "/" in target, f"there is no target {target}"


def changed(clone: Path) -> bool:
    """Say whether a page has changed the configuration."""
    return any(
        not (ROOT / path.relative_to(clone)).exists()
        or path.read_bytes() != (ROOT / path.relative_to(clone)).read_bytes()
        for path in (clone / "config").rglob("*.yaml")
    )


def planned(config: str, root: Path) -> set[str]:
    """Load a configuration as the workflow does; returns the names of the studies."""
    return _planned(config) if root == ROOT else set(loader.load(json.loads(config), root).studies)


@functools.lru_cache
def _planned(config: str) -> set[str]:
    return set(loader.load(json.loads(config), ROOT).studies)
