"""``replisome new study NAME``: a study of its own, begun from the template."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replisome.api.new import check as new_check
from replisome.api.new.edits import Edits
from replisome.api.new.own_data import UNSAID, add_file, add_row
from replisome.api.new.proposal import Proposal, check_file, check_name, check_study_name, read
from replisome.api.new.yaml_text import written
from replisome.config.catalogue import STUDIES, study_names
from replisome.errors import ReplisomeError

TEMPLATE = "_template"
PACKAGES = "workflow/src/replisome/studies"
PLACEHOLDER = "A paragraph that opens the study on the page: who claims what, and what is run here to test it."


def propose(
    name: str,
    file: Path | None,
    options: Mapping[str, str],
    root: Path,
    *,
    title: str | None = None,
    link: bool = False,
) -> Proposal:
    """Return what would be written for a new study; nothing is.

    Args:
        name: of the study, its package and its data set.
        file: a table as the template reads it, or None: then the study has its control only, until there is one.
        options: of the table, such as ``label``.
        root: the repository.
        title: the study's heading in the report.
        link: whether the file is linked to, and not copied.

    Returns:
        What was found in the file, the checked changes, and the commands to run next.

    Raises:
        ReplisomeError: the name is taken, or the file is no such table.
    """
    from replisome.studies._template.new_source import SOURCE  # noqa: PLC0415 -- only where a study is begun

    check_name(name, "study", as_module=True)
    check_study_name(name, root)
    if name in study_names() or (root / PACKAGES / name).exists():
        raise ReplisomeError(f"there is a package '{name}' in {PACKAGES} already; choose another name.")
    edits, found, notes = Edits(root), [], []
    about = {"licence": UNSAID, "citation": UNSAID}
    if file is not None:
        check_file(file)
        examined = SOURCE.examine(name, file, options)
        found, notes = examined.found, examined.notes
        about["citation"] = f"{file.name}, a file of our own"
        add_file(edits, name, name, file, SOURCE, examined, about, link)
    else:
        add_row(edits, name, _to_come(name, about))
        notes.append(f"No table yet: the control runs at once; put yours at resources/by-hand/{name}.csv.")
    facts = "; ".join(f"{label}: {text}" for label, text in found)
    changes = {
        "title: Rows of numbers": f"title: {written(title or name)}",
        PLACEHOLDER: f"A table of our own ({facts})." if facts else PLACEHOLDER,
        "options: {label: label}": f"options: {written({'label': options.get('label', 'label')})}",
    }
    for path, text in _copied(name, changes).items():
        edits.write(path, text, brief=path.startswith(PACKAGES))
    new_check.check(edits, name)
    call = f"snakemake report --cores 2 --config 'studies=[{name}]'"
    demo = f"snakemake report --cores 2 --configfile config/demo.yaml --config 'studies=[{name}]'"
    then = [(f"{demo} results_dir=results/{name}-demo", "first, its control: simulated rows with a known ceiling")]
    if file is not None:
        then.append(
            (f"{call} max_epochs=1 max_seeds=1 results_dir=results/{name}-trial", "every step once on your table")
        )
        then.append((f"{call} results_dir=results/{name}", "the full budget"))
    notes.append(f"Make it yours module by module in {PACKAGES}/{name}: studies/contract.py says what each provides.")
    return Proposal(f"study '{name}', from the template", edits, found, notes, then)


def _copied(name: str, changes: Mapping[str, str]) -> dict[str, str]:
    """Return by path the files of the new study: the template's, with its name and values in place."""
    files: dict[str, str] = {}
    for path in sorted((STUDIES / TEMPLATE).rglob("*")):
        inside = path.relative_to(STUDIES / TEMPLATE)
        if not path.is_file() or "__pycache__" in inside.parts:
            continue
        text = read(path)
        if inside == Path("__init__.py"):
            text = _with_docstring(text, f"{TEMPLATE}: begun from the template; see :mod:`replisome.studies.contract`.")
        if inside == Path("config/claims.yaml"):
            text = _control_claims(text)
        if inside == Path("config/recipes.yaml"):
            text = text[text.index("random:") :]
        for old, new in changes.items():
            text = text.replace(old, new)
        text = text.replace("# This folder becomes config/studies/<study>/. Every", "# Every")
        in_config = inside.parts[0] == "config"
        target = f"config/studies/{name}/{inside.relative_to('config')}" if in_config else f"{PACKAGES}/{name}/{inside}"
        files[target] = text.replace(TEMPLATE, name)
    return files


def _with_docstring(text: str, docstring: str) -> str:
    first = ast.parse(text).body[0]
    return f'"""{docstring}"""\n' + "".join(text.splitlines(keepends=True)[first.end_lineno :])


def _control_claims(text: str) -> str:
    """Return the claims about the control: those of a paper in the template are examples, and no paper's."""
    head, *claims = re.split(r"^(?=- id: )", text, flags=re.MULTILINE)
    own = [claim for claim in claims if "owner: control" in claim]
    return head + "".join(claim.replace("- id: ", f"- id: {TEMPLATE}-", 1) for claim in own)


def _to_come(name: str, about: Mapping[str, str]) -> dict[str, Any]:
    """Return the ledger's row of a table that is still to come."""
    return {
        "study": name,
        "version": "1",
        "file": f"{name}.csv",
        "addresses": [],
        "checksum": None,
        "bytes": None,
        **about,
        "place": "It is a table of our own",
    }
