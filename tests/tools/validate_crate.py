"""Check an archive against the profiles that it claims, as the Research Object community's validator does.

The validator needs other versions of what the workflow needs, so it has an environment of its own:

    python -m venv /tmp/validator && /tmp/validator/bin/pip install roc-validator==0.13.0 rocrate==0.16.0
    /tmp/validator/bin/python tests/tools/validate_crate.py results/demo/crate.zip

It needs no network: the vocabulary that it would ask for is the one that rocrate brings along.
"""

from __future__ import annotations

import json
import sys
import tempfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import rdflib.plugins.parsers.jsonld as parser
import rdflib.plugins.shared.jsonld.context as context
import rdflib.plugins.shared.jsonld.util as util
import requests
import rocrate
from rocrate_validator import models, services

PROFILES = ("ro-crate-1.1", "workflow-ro-crate-1.0", "process-run-crate-0.5", "workflow-run-crate-0.5")
TEXT = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text(encoding="utf-8")
# Version 1.1 of RO-Crate, which the profiles build on, has this term without "terms".
VOCABULARY = TEXT.replace("https://bioschemas.org/terms/Comp", "https://bioschemas.org/Comp")


def main(archive: Path) -> int:
    """Print what the validator finds; return 1 where something that is required is missing."""
    _stay_here()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(archive).extractall(folder)
        for profile in PROFILES:
            asked = services.ValidationSettings(
                rocrate_uri=Path(folder), profile_identifier=profile, requirement_severity=models.Severity.RECOMMENDED
            )
            found = services.validate(asked)
            failed |= found.has_issues(models.Severity.REQUIRED)
            print(f"{profile}: {'not valid' if found.has_issues(models.Severity.REQUIRED) else 'valid'}")
            for issue in found.get_issues():
                print(f"  {issue.severity.name.lower()}: {issue.message}")
    return int(failed)


def _stay_here() -> None:
    """Answer every request for the vocabulary with the copy at hand."""
    read = util.source_to_json

    def at_hand(source: Any, *options: Any, **named: Any) -> Any:
        remote = isinstance(source, str) and source.startswith("http")
        return (json.loads(VOCABULARY), None) if remote else read(source, *options, **named)

    for module in (util, context, parser):
        module.source_to_json = at_hand
    answer = SimpleNamespace(
        status_code=200, ok=True, headers={"Content-Type": "application/ld+json"}, text=VOCABULARY,
        content=VOCABULARY.encode(), json=lambda: json.loads(VOCABULARY), raise_for_status=lambda: None,
        close=lambda: None,
    )  # fmt: skip
    requests.Session.request = lambda *options, **named: answer


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
