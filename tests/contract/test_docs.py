"""The pages for contributors speak of files, commands and imports that exist."""

import ast
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from docs.building.hooks import WRITTEN
from docs.draw_architecture import PAGE, PICTURE, Facts, as_json, read_facts, with_table

from replisome.tracking.introspect import ROOT as LIBRARY

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "config" / "README.md",
    *sorted(ROOT.glob("docs/**/*.md")),
]
ON_SITE_ONLY = {ROOT / "docs" / place for place in WRITTEN}  # made when the site is built
# What the workflow, make and git make; folders of a run; names that pages give to what is the reader's own.
MADE = ("results/", "resources/", ".venv", ".snakemake/", "site/", "test/", "pilot/", "printed/")
OWN = "mine|moths|mynet|leaves|PATH"
SOURCES = (".py", ".smk", ".md", ".toml", ".j2")
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def words_in_code(page: Path) -> list[str]:
    """Return the words of a page's inline code; of blocks of code only commands are looked at, by another test."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [word.strip(",;:()'\"") for span in re.findall(r"`([^`\n]+)`", prose) for word in span.split()]


def is_path(word: str) -> bool:
    """Say whether a word names one file or folder of the repository; patterns, addresses and ``mine`` do not."""
    if re.search(rf"[<>*{{}}$=@\[\]|…]|\.\.\.|://|\b({OWN})\b", word) or word.startswith(("-", "/", *MADE)):
        return False
    return "/" in word or word.endswith(SOURCES)


def place_of(path: str) -> Path | None:
    """Return where a path lies: below the repository, below the library, or, of a bare file name, anywhere."""
    for root in (ROOT, LIBRARY):
        if (root / path).exists():
            return root / path
    if "/" not in path:
        tops = ("workflow", "config", "tests", "docs", "benchmarks")
        return next((found for top in tops for found in (ROOT / top).rglob(path)), None)
    return None


def defines(path: Path, dotted: str) -> bool:
    """Say whether a file defines a function, class, constant or, as ``Class.method``, a method."""
    body: list[ast.stmt] = ast.parse(path.read_text()).body
    for name in dotted.split("."):
        found = [node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name]
        if not found:
            targets = [t for node in body if isinstance(node, ast.Assign) for t in node.targets]
            targets += [node.target for node in body if isinstance(node, ast.AnnAssign)]
            return name in map(ast.unparse, targets)
        body = found[0].body
    return True


@pages
def test_every_path_and_name_on_a_page_exists(page):
    missing = []
    for word in filter(is_path, words_in_code(page)):
        path, _, name = word.partition("::")
        place = place_of(path)
        if place is None or (name and not defines(place, name)):
            missing.append(word)
    assert missing == []


@pages
def test_every_link_leads_somewhere(page):
    text = page.read_text()
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in text.splitlines()
        if line.startswith("#")
    }
    missing = [
        link
        for link in links
        if not link.startswith("#")
        and not (page.parent / link.partition("#")[0]).exists()
        and page.parent / link.partition("#")[0] not in ON_SITE_ONLY
    ]
    assert missing + [link for link in links if link.startswith("#") and link[1:] not in headings] == []


@pages
def test_every_make_target_on_a_page_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join(
        [*re.findall(r"`([^`\n]+)`", page.read_text()), *re.findall(r"^```.*?^```", page.read_text(), re.M | re.S)]
    )
    named = {word for call in re.findall(r"(?:^|&& )make ([a-z -]+)", code, re.MULTILINE) for word in call.split()}
    assert named - targets == set()


def test_every_decision_fits_on_a_page_and_has_all_its_parts():
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        text = path.read_text()
        assert len(text.splitlines()) <= 40, path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Why not the other ways",
            "Consequences",
        ]


@pytest.fixture(scope="module")
def facts() -> Facts:
    return read_facts()


def test_the_table_of_imports_is_current(facts):
    assert with_table(PAGE.read_text(), facts) == PAGE.read_text(), "run: make picture"


def test_the_picture_shows_the_imports_of_today(facts):
    described = re.search(r"<dc:description>(.*?)</dc:description>", PICTURE.read_text())
    assert described is not None
    assert json.loads(described[1].replace("&quot;", '"')) == json.loads(as_json(facts)), "run: make picture"


GITHUB = ROOT / ".github"
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", [GITHUB / "workflows" / "ci.yml"]),
        ("vendor.github-issue-forms", FORMS),
        ("vendor.github-issue-config", [GITHUB / "ISSUE_TEMPLATE" / "config.yml"]),
        ("vendor.citation-file-format", [ROOT / "CITATION.cff"]),
    ],
)
def test_files_for_others_follow_their_schemas(schema, files):
    """The schemas come with check-jsonschema, so nothing is fetched."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_of_the_repository_runs_what_everyone_runs():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    steps = workflow["jobs"]["ci"]["steps"]
    assert steps[-1] == {"run": ".ci/run"}
    assert workflow["permissions"] == {"contents": "read"}
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps if "uses" in step)


def test_hooks_are_local_and_run_pinned_tools():
    pinned = re.findall(r"^([a-z-]+)==", (ROOT / "envs" / "requirements-dev.txt").read_text(), re.MULTILINE)
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            assert hook["language"] == "system"
            assert shlex.split(hook["entry"])[0] in pinned
