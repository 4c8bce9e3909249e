"""What the pages say, once more for machines: JSON-LD in the vocabulary of https://schema.org.

No address of these pages is known, so all links are relative to them. https://schema.org/ClaimReview and
https://schema.org/Dataset describe the two types.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from replisome import __version__
from replisome.claims.supplement import PROTOCOL_NAMES
from replisome.report.claim_rows import CONFLICT, NOT_RUN, is_judged

CONTEXT = "https://schema.org"
AUTHORS = "the replisome authors"  # with the licence as in CITATION.cff, which a test holds
LICENCE = "https://spdx.org/licenses/MIT"  # of the software; the results have none of their own
FORMATS = {"claims.json": "application/json", "claims.csv": "text/csv", "results.json": "application/json"}

# Each is written once a page; what refers to it names it.
_AUTHORS = {"@id": "_:authors"}
_SOFTWARE = {"@id": "_:software"}

Written = Mapping[str, Any]


def reviews(claims: Iterable[Written]) -> dict[str, Any]:
    """Return the reviews of the reports' claims: one a verdict, so that both protocols have their say.

    Claims of ours and of controls, and what was not run, are no review of anybody's claim. The rating is the verdict's
    word: it has no number, which would make a score of what is none.

    Args:
        claims: as written in claims.json.
    """
    found = [one for claim in claims if claim["paper"] and is_judged(claim) for one in _reviews(claim)]
    return {"@context": CONTEXT, "@graph": [*_makers(), *found]}


def _reviews(claim: Written) -> Iterator[dict[str, Any]]:
    for protocol, found in claim["verdicts"].items():
        if found["verdict"] != NOT_RUN:
            name = PROTOCOL_NAMES[protocol]
            capped = f" Held back by: {'; '.join(found['caps'])}." if found["caps"] else ""
            yield {
                "@type": "ClaimReview",
                "identifier": found["id"],
                "url": f"claims.html#{claim['id']}",
                "claimReviewed": claim["plain"],
                "itemReviewed": {
                    "@type": "Claim",
                    "text": claim["paper"]["says"],
                    "appearance": {
                        "@type": "CreativeWork",
                        "name": claim["paper"]["where"],
                        "isPartOf": _report(claim["paper"]["report"]),
                    },
                },
                "reviewAspect": name,
                "reviewRating": {"@type": "Rating", "alternateName": found["verdict"]},
                "description": f"{name.capitalize()}: {found['verdict']} ({found['reason']}).{capped}",
                "author": _AUTHORS,
                "isBasedOn": _SOFTWARE,
            }


def dataset(
    titles: Sequence[str], screen: Mapping[str, Any], claims: Iterable[Written], dates: Iterable[str]
) -> dict[str, Any]:
    """Return what the results are, as a data set that can be cited.

    Args:
        titles: of the studies.
        screen: what the first screen shows, for its counts.
        claims: as written in claims.json.
        dates: the days on which runs were trained, as in 2026-11-26.
    """
    facts = screen["facts"]
    reports = sorted({claim["paper"]["report"] for claim in claims if claim["paper"] and claim["kind"] != CONFLICT})
    made = {
        "@type": "Dataset",
        "name": f"replisome: {'; '.join(titles)}",
        "description": f"Verdicts on {screen['claims']} claims, by {facts['runs']} models that were trained again with "
        f"the preset {facts['preset']}: each claim as reported and leak-free, with estimate, interval and what the "
        "verdict rests on.",
        "url": "report.html",
        "version": __version__,
        "creator": _AUTHORS,
        "isBasedOn": _SOFTWARE,
        "citation": [_report(name) for name in reports],
        "distribution": [
            {"@type": "DataDownload", "contentUrl": file, "encodingFormat": form} for file, form in FORMATS.items()
        ],
    }
    if last := max(dates, default=None):
        made["dateModified"] = last
    return {"@context": CONTEXT, "@graph": [*_makers(), made]}


def _makers() -> list[dict[str, Any]]:
    software = {"name": "replisome", "softwareVersion": __version__, "author": _AUTHORS, "license": LICENCE}
    return [
        {**_AUTHORS, "@type": "Organization", "name": AUTHORS},
        {**_SOFTWARE, "@type": "SoftwareApplication", "applicationCategory": "scientific workflow", **software},
    ]


def _report(name: str) -> dict[str, str]:
    return {"@type": "CreativeWork", "name": name}
