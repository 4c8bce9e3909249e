"""Tables of a study's claims with the verdicts that docs/results/quick.lock keeps, set where a page asks for them."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from replisome.io import read_json

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(r"^<!-- claims of (?P<study>\w+) -->$", re.MULTILINE)
OWNERS = {"paper": "the report's claims", "ours": "our own", "control": "checks on simulated data"}
PROTOCOLS = ("reported", "sound")


def with_claims(page: str) -> str:
    """Return a page with a table in the place of each mark ``<!-- claims of STUDY -->``."""
    return MARK.sub(lambda mark: claims_of(mark["study"]), page)


def claims_of(study: str) -> str:
    """Return the claims of a study by owner, each with its verdicts in the run that ``quick.lock`` is of."""
    claims = yaml.safe_load((ROOT / "config" / "studies" / study / "claims.yaml").read_text(encoding="utf-8"))
    verdicts = read_json(ROOT / "docs" / "results" / "quick.lock")["verdicts"]
    parts = []
    for owner, title in OWNERS.items():
        own = [claim for claim in claims if claim["owner"] == owner]
        if own:
            lines = ["| claim | what it says | as reported | leak-free |", "|---|---|---|---|"]
            for claim in own:
                found = [verdicts.get(f"{study}/{claim['id']} ({protocol})", "") for protocol in PROTOCOLS]
                says = " ".join(claim["plain"].split()).replace("|", "&#124;")
                lines.append(f"| `{claim['id']}` | {says} | {' | '.join(found)} |")
            parts.append(f'??? note "{title[0].upper()}{title[1:]}: {len(own)}"\n\n' + _indented("\n".join(lines)))
    return "\n\n".join(parts)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
