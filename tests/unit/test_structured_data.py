"""What the pages say for machines: valid JSON-LD, a review a verdict on a report's claim, the files as a data set."""

import json
import re

import pytest
from conftest import ROOT
from test_report_claims import NOT_RUN, VERDICT, claim
from test_report_pages import NAMES, screen, story

from replisome.config.schema import read_yaml
from replisome.report.claim_rows import is_judged
from replisome.report.pages import _render
from replisome.report.structured_data import AUTHORS, FORMATS, LICENCE, dataset, reviews
from replisome.report.tables import as_rows

BREAKS_OUT = "A softmax costs </script><script>alert(1)</script> <!-- 8.49 'points' & more."


@pytest.fixture(scope="module")
def claims():
    capped = {**VERDICT, "id": "0f0f0f", "verdict": "inconclusive", "caps": ["batch_size 64, not 512", "and more"]}
    return [
        claim(plain=BREAKS_OUT, verdicts={"reported": VERDICT, "sound": capped}),
        claim("half", verdicts={"reported": NOT_RUN, "sound": VERDICT}),
        claim("waits", verdicts={"reported": NOT_RUN}),
        claim("ours", owner="ours", paper=None),
        claim("check", owner="control", paper=None),
        claim("both", kind="conflict", paper={"report": "reports A and B", "where": "all", "says": "both"}),
    ]


def pages(claims):
    shared = {"version": "0", "titles": NAMES, "screen": screen(claims)}
    data = dataset(list(NAMES.values()), shared["screen"], claims, ["2026-11-20", "2026-11-26"])
    provenance = as_rows([{"study": "cells"}])
    return {
        "claims.html": _render("claims.html", **shared, studies=[], structured_data=reviews(claims)),
        "report.html": _render("report.html", **shared, studies=[story()], provenance=provenance, structured_data=data),
    }


def read_back(page: str) -> dict:
    """Return what a machine reads in a page, as a browser cuts it: up to the first end of a script."""
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script', page, flags=re.S)
    return json.loads(found)


def of_type(data: dict, name: str) -> list[dict]:
    return [node for node in data["@graph"] if node["@type"] == name]


def test_each_verdict_on_a_reports_claim_has_a_review_with_its_word(claims):
    found = of_type(reviews(claims), "ClaimReview")
    assert [
        (one["url"], one["reviewAspect"], one["identifier"], one["reviewRating"]["alternateName"]) for one in found
    ] == [
        ("claims.html#softmax-hurts", "as reported", "7f3a91", "not replicated"),
        ("claims.html#softmax-hurts", "leak-free", "0f0f0f", "inconclusive"),
        ("claims.html#half", "leak-free", "7f3a91", "not replicated"),
    ]
    judged = [one["id"] for one in claims if one["paper"] and is_judged(one)]
    assert list(dict.fromkeys(one["url"].partition("#")[2] for one in found)) == judged


def test_a_review_says_what_was_claimed_where_and_what_holds_the_verdict_back(claims):
    _, capped, _ = of_type(reviews(claims), "ClaimReview")
    assert capped["claimReviewed"] == BREAKS_OUT
    assert capped["itemReviewed"] == {
        "@type": "Claim",
        "text": "8.49 points",
        "appearance": {
            "@type": "CreativeWork",
            "name": "section 1.2",
            "isPartOf": {"@type": "CreativeWork", "name": "report B"},
        },
    }
    said = "Leak-free: inconclusive (smaller than matters). Held back by: batch_size 64, not 512; and more."
    assert capped["description"] == said
    assert "ratingValue" not in json.dumps(reviews(claims))


def test_without_a_judged_claim_of_a_report_there_is_no_review(claims):
    assert of_type(reviews(claims[2:]), "ClaimReview") == []


def test_the_data_set_names_its_files_its_version_and_the_reports(claims):
    (found,) = of_type(read_back(pages(claims)["report.html"]), "Dataset")
    assert [one["contentUrl"] for one in found["distribution"]] == list(FORMATS)
    assert found["dateModified"] == "2026-11-26"
    assert found["citation"] == [{"@type": "CreativeWork", "name": "report B"}]
    assert found["name"] == "replisome: Cells: a study"
    assert "license" not in found
    assert "dateModified" not in of_type(dataset([], screen(claims), claims, []), "Dataset")[0]


def test_every_reference_in_the_data_is_to_something_in_it(claims):
    for page in pages(claims).values():
        data = read_back(page)
        named = {node["@id"] for node in data["@graph"] if "@id" in node}
        assert set(re.findall(r'"@id": "([^"]+)"', json.dumps(data))) == named
        assert data["@context"] == "https://schema.org"


def test_a_text_cannot_end_the_script_that_it_stands_in(claims):
    page = pages(claims)["claims.html"]
    assert of_type(read_back(page), "ClaimReview")[0]["claimReviewed"] == BREAKS_OUT
    assert "alert(1)</script>" not in page
    assert page.count("<script") == page.count("</script") == 1


def test_authors_and_licence_of_the_software_are_those_of_its_citation_file(claims):
    cited = read_yaml(ROOT / "CITATION.cff")
    assert [one["name"] for one in cited["authors"]] == [AUTHORS]
    assert f"https://spdx.org/licenses/{cited['license']}" == LICENCE
    (software,) = of_type(reviews(claims), "SoftwareApplication")
    assert software["softwareVersion"] == cited["version"]
