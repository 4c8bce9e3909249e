"""The claims as shipped: whether all that the reports say is there, and whether some preset can answer each."""

import re

import pytest
from conftest import ROOT

from replisome.config import loader
from replisome.config.arms import Place, runs_at
from replisome.config.catalogue import model_traits
from replisome.config.schema import read_yaml
from replisome.config.study_files import folder_names, read_study

LIST = ROOT.parent / "shared" / "evidence" / "CLAIMS.md"  # every statement of the reports, a row each
# Rows that name several claims in a way of their own.
SEVERAL = {
    "pool-time-a (+nopool)": ["pool-time-a", "pool-time-a-nopool"],
    "pool-time-b (+nopool)": ["pool-time-b", "pool-time-b-nopool"],
    "bilstm-val-loss / cnn-val-loss": ["bilstm-val-loss", "cnn-val-loss"],
    "setB-generalises": ["setb-generalises"],  # ids are in lower case
    "loss-char-1000/5000/9750": ["loss-char-1000", "loss-char-5000", "loss-char-9750"],
    "loss-kmer-5000/14750": ["loss-kmer-5000", "loss-kmer-14750"],
    "loss-deep-500/975": ["loss-deep-500", "loss-deep-975"],
    **{
        f"mse-{network}-10/25": [f"mse-{network}-10", f"mse-{network}-25"]
        for network in ("simple", "improved", "nodropout", "relu")
    },
    "val-* (8 numbers)": [f"val-{n}-{e}" for n in ("simple", "improved", "nodropout", "relu") for e in (10, 25)],
    "improvement-{improved,nodropout,relu}": [f"improvement-{n}" for n in ("improved", "nodropout", "relu")],
    "improvement-test": [f"improvement-test-{n}" for n in ("improved", "nodropout", "relu")],
    "improvement-last5-*": [f"improvement-last5-{n}" for n in ("improved", "nodropout", "relu")],
    "best-epoch-* (4)": [f"best-epoch-{n}" for n in ("simple", "improved", "nodropout", "relu")],
}
LEFT_OUT = {"ranks-over-values": "it describes, and names nothing that two numbers could disagree about"}


@pytest.fixture(scope="module")
def claims():
    """By id, the study of each claim."""
    return {claim["id"]: name for name in folder_names(ROOT) for claim in read_study(name, ROOT).claims}


@pytest.mark.real_data
@pytest.mark.skipif(not LIST.exists(), reason="the list of what the reports say lies beside the repository")
def test_every_row_of_the_list_is_a_claim_or_is_left_out_with_a_reason(claims):
    study, rows, missing = "", 0, []
    for line in LIST.read_text().splitlines():
        if heading := re.match(r"## \d (\w+)", line):
            study = heading[1]
        if line.startswith("| ") and not line.startswith("| id"):
            rows += 1
            row = line.split("|")[1].strip().removeprefix("+")
            names = SEVERAL.get(row, [] if row in LEFT_OUT else [row])
            missing += [name for name in names if claims.get(name) != study]
    assert rows == 137
    assert missing == []


def test_each_claim_has_a_preset_that_answers_it_or_says_what_it_needs():
    """The loader refuses any other; here all presets are asked."""
    config = read_yaml(ROOT / "config/config.yaml")
    for preset in ("full", "quick", "demo", "control"):
        plan = loader.load({**config, "preset": preset}, ROOT)
        assert all(claim["found"] for study in plan.studies.values() for claim in study.claims)


def test_headlines_are_a_dozen_and_a_half_and_every_study_has_some():
    roles = [(name, claim.get("role")) for name in folder_names(ROOT) for claim in read_study(name, ROOT).claims]
    headlines = [name for name, role in roles if role == "headline"]
    assert 12 <= len(headlines) <= 20
    assert set(headlines) == set(folder_names(ROOT))


def test_what_headlines_measure_has_three_seeds_in_quick():
    """Of those that quick can answer: the networks of their arms."""
    config = {**read_yaml(ROOT / "config/config.yaml"), "preset": "quick"}
    few = []
    for study in loader.load(config, ROOT).studies.values():
        headlines = [claim for claim in study.claims if claim.get("role") == "headline"]
        for place in (p for c in headlines for found in c["found"].values() for p in found["places"]):
            runs = runs_at(study, Place(**place))
            if model_traits(place["model"]).kind == "network" and len({run.seed for run in runs}) < 3:
                few.append((study.name, place["experiment"], place["model"]))
    assert few == []
