"""What claims ask of rnacompete beside scores and costs, on examples worked by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from replisome.analysis.variants import Variant
from replisome.data.encode.bases import encode_bases
from replisome.data.encode.kmers import kmer_tokens
from replisome.errors import ReplisomeError
from replisome.studies.rnacompete import predictions, quantities
from replisome.studies.rnacompete.design import design_of
from replisome.studies.rnacompete.motifs import K
from replisome.studies.rnacompete.probes import Probes, Protein

RNG = np.random.default_rng(0)
RBFOX1 = {"experiment": "RNCMPT00168", "name": "RBFOX1"}  # UGCAUG
A1CF = {"experiment": "RNCMPT00001", "name": "A1CF"}  # UAAUUG
UNKNOWN = {"experiment": "RNCMPT00099", "name": "X"}
VARIANT = Variant("r", "kmer_ridge", "default", (SimpleNamespace(key=("a",), weights="best"),), {})


class Results:
    """A study's results as far as quantities look: a recipe's proteins, and what was measured and predicted."""

    def __init__(self, *proteins, sequences=(), measured=None, predicted=None, stats=None, **card):
        self.cards = {"r": {"proteins": proteins, "labels_hidden": {}, **card}}
        self.made, self.measured, self.predicted = {("stats", "r"): stats}, measured, predicted
        if len(sequences):
            tokens = kmer_tokens(encode_bases(sequences, 41).codes, K)
            self.made["test probes", "r"] = (tokens, ~np.isnan(measured))

    def once(self, key, make):
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]


def one_protein(values):
    return np.asarray(values, float)[..., None]


@pytest.fixture(autouse=True)
def tested(monkeypatch):
    """Let what was measured and predicted of a protein come from the results above, all of them tested."""

    def of_protein(study, variant, number):
        valid = ~np.isnan(study.measured[:, number])
        return predictions.Measured(study.measured[valid, number], study.predicted[:, valid, number])

    for module in (quantities, predictions):
        monkeypatch.setattr(module, "protein_predictions", of_protein)
    monkeypatch.setattr(quantities, "is_predicted", lambda study, variant: study.measured is not None)


def test_unseen_proteins_have_a_mean_of_their_own(monkeypatch):
    asked = []
    monkeypatch.setattr(quantities, "mean_over_proteins", lambda *given: asked.append(given[2:]))
    study = Results(RBFOX1, A1CF, UNKNOWN, measured=one_protein([1.0]), unseen=["RNCMPT00099", "RNCMPT00001"])
    quantities.spearman_unseen(study, VARIANT)
    assert asked == [("spearman", [1, 2])]
    with pytest.raises(ReplisomeError, match="recipe 'r' has no unseen proteins"):
        quantities.spearman_unseen(Results(RBFOX1, measured=one_protein([1.0])), VARIANT)


def test_the_largest_gradient_is_told_in_usual_ones(monkeypatch):
    rounds = {"gradient_norm": [[1.0, 2.0, 3.0], [4.0, 4.0]], "gradient_norm_max": [[5.0, 30.0, 3.0], [4.0, 6.0]]}
    curves = lambda study, variant, split, name: [np.array(one) for one in rounds[name]]  # noqa: E731
    monkeypatch.setattr(quantities, "curves_of", curves)
    np.testing.assert_allclose(quantities.gradient_peak(Results(), VARIANT), [15, 1.5])


@pytest.fixture
def stored(monkeypatch):
    """Give the test scores that runs stored."""
    return lambda **scores: monkeypatch.setattr(
        quantities, "final_values", lambda study, variant, metric: np.array(scores[metric])
    )


def test_below_the_ceiling_is_what_the_oracle_has_more_on_these_probes(stored):
    stored(spearman=[0.75, 0.5], spearman_mean=[0.25, 0.125])
    ceiling = {"expected": 0.9, "oracle_on_this_draw": {"test": 0.875}}
    assert quantities.below_ceiling(Results(RBFOX1, ceiling=ceiling), VARIANT).tolist() == [0.125, 0.375]
    assert quantities.below_ceiling(Results(RBFOX1, A1CF, ceiling=ceiling), VARIANT).tolist() == [0.625, 0.75]


def test_a_protein_is_scored_by_itself_whichever_others_stand_beside_it():
    measured = RNG.normal(size=(50, 2))
    measured[:10, 1] = np.nan
    predicted = RNG.normal(size=(2, 50, 2))
    study = Results(RBFOX1, A1CF, measured=measured, predicted=predicted, labels_hidden={"A1CF": 12})
    expected = [spearmanr(one[10:, 1], measured[10:, 1])[0] for one in predicted]
    found = quantities.spearman_of_protein(study, VARIANT, protein="RNCMPT00001")
    assert found.values == pytest.approx(expected, abs=1e-6)
    assert found.items == 40
    assert quantities.spearman_with_few_labels(study, VARIANT).values == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ReplisomeError, match="recipe 'r' has no 'RNCMPT00002'; its are RNCMPT00168, RNCMPT00001"):
        quantities.spearman_of_protein(study, VARIANT, protein="RNCMPT00002")


def test_what_is_asked_of_predictions_is_not_a_number_where_a_run_diverged():
    for name, options in {
        "spearman_with_few_labels": {},
        "spearman_of_protein": {"protein": "RNCMPT00168"},
        "motif_rank": {},
        "position_left_over": {},
        "pooled_away_from_mean": {"restored": True},
    }.items():
        found = getattr(quantities, name)(Results(RBFOX1), VARIANT, **options)
        assert found.shape == (1,), name
        assert np.isnan(found).all(), name


def test_the_motifs_rank_is_its_place_among_kmers_by_what_is_predicted_for_probes_that_hold_them():
    sequences = ["AAAA" + motif + "AAAA" for motif in ("UGCAUG", "UAAUUG", "CCCCCC") for _ in range(25)]
    measured = np.zeros((75, 2))
    predicted = np.repeat([[3, 2, 1], [1, 3, 2]], 25, axis=1)  # by seed: UGCAUG is first, then last
    study = Results(RBFOX1, sequences=sequences, measured=measured[:, :1], predicted=one_protein(predicted))
    first, second = quantities.motif_rank(study, VARIANT)
    assert first == 1
    assert second > 2
    both = Results(RBFOX1, A1CF, sequences=sequences, measured=measured, predicted=np.stack([predicted, predicted], 2))
    assert quantities.motif_rank(both, VARIANT)[1] == second  # the worst of both: the second protein's is first there


def explained(sequences, weights):
    study = Results(RBFOX1)
    frame = pd.DataFrame({"sequence": sequences, "attention": [np.ravel(w) for w in weights]})
    study.explanation = lambda run: (frame, {"attention": [2, 8]})
    return study


def test_attention_on_the_motif_is_one_where_all_positions_weigh_the_same():
    even, on = np.full((2, 8), 1 / 8), np.array([[0, 0, 1, 0, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0, 0, 0, 0]])
    with_motif = ["AAUGCAUG"] * 20  # at positions 2 to 7
    assert quantities.attention_on_motif(explained(with_motif, [even] * 20), VARIANT) == pytest.approx([1])
    # One head lies on it whole, the other beside it: half of the weight, where 6 of 8 positions would have 0.75.
    half = quantities.attention_on_motif(explained(with_motif, [on] * 20), VARIANT)
    assert half == pytest.approx([0.5 / 0.75])
    without = explained([*with_motif, "AAAAAAAA"], [*[on] * 20, even])
    assert quantities.attention_on_motif(without, VARIANT) == pytest.approx(half)  # which has nothing to say
    assert np.isnan(quantities.attention_on_motif(explained(with_motif[1:], [on] * 19), VARIANT)).all()


def test_attention_of_a_run_that_was_not_explained_has_no_value():
    study = Results(RBFOX1)
    study.explanation = lambda run: None
    assert np.isnan(quantities.attention_on_motif(study, VARIANT)).all()
    with pytest.raises(ReplisomeError, match="recipe 'r' is asked about its motif"):
        quantities.attention_on_motif(Results(UNKNOWN), VARIANT)


def test_position_explains_all_that_is_left_over_or_nothing_of_it():
    sequences = ["UGCAUGAAAA", "UGCAUGAAAA", "AAAAUGCAUG", "AAAAUGCAUG", "UGCAUGCAUG", "AAAAAAAAAA"]
    measured = one_protein([1, 1, -1, -1, 9, 9])  # the last two hold the motif twice, and not at all
    knows_none, knows_all = np.zeros(6), np.array([0, 2, 0, -2, 0, 0])
    study = Results(RBFOX1, sequences=sequences, measured=measured, predicted=one_protein([knows_none, knows_all]))
    # First, residuals 1 1 | -1 -1: nothing within positions. Then 1 -1 | -1 1: 4 / 2 within, 4 / 3 in all.
    assert quantities.position_left_over(study, VARIANT) == pytest.approx([1, 1 - 2 / (4 / 3)])


def test_a_contrast_of_the_grid_is_the_mean_over_pairs_that_differ_in_one_setting(monkeypatch):
    reached = {(0.0, 64): [0.5, 0.5], (0.25, 64): [0.75, 0.5], (0.0, 128): [0.5, 0.25], (0.25, 128): [0.5, 0.5]}
    members = [Variant("r", "cnn1d", f"{key}", (), {"dropout": key[0], "width": key[1]}) for key in reached]
    members.append(Variant("r", "bilstm", "other", (), {"dropout": 0.25, "width": 64}))
    members.append(Variant("r", "cnn1d", "alone", (), {"dropout": 0.25, "width": 32}))
    monkeypatch.setattr(quantities, "grid_variants", lambda study: members)
    monkeypatch.setattr(
        quantities, "_on_validation", lambda _, v: np.array(reached[v.values["dropout"], v.values["width"]])
    )
    found = quantities.grid_contrast(Results(), members[0], setting="dropout", value=0.25, than=0.0)
    assert found.tolist() == [0.125, 0.125]  # by seed: (0.25 + 0) / 2 and (0 + 0.25) / 2
    with pytest.raises(ReplisomeError, match=r"the grid of cnn1d does not have dropout 0.5 and 0.0"):
        quantities.grid_contrast(Results(), members[0], setting="dropout", value=0.5, than=0.0)


def test_pooled_proteins_of_different_scales_look_better_than_each_is(stored):
    stored(spearman=[0.25], spearman_mean=[0.125])
    measured = RNG.normal(size=(60, 2))
    measured[:5, 0] = np.nan
    predicted = RNG.normal(size=(1, 60, 2))
    stats = {"targets": {"test": [{"mean": 0.0, "std": 1.0}, {"mean": 100.0, "std": 2.0}]}}
    study = Results({**RBFOX1, "test": 55}, {**A1CF, "test": 60}, measured=measured, predicted=predicted, stats=stats)
    assert quantities.pooled_away_from_mean(study, VARIANT, restored=False) == pytest.approx([0.125])
    valid = ~np.isnan(measured)
    truth, guess = (np.stack([array[..., 0], 100 + 2 * array[..., 1]], -1) for array in (measured, predicted[0]))
    pooled = spearmanr(guess[valid], truth[valid])[0]
    assert pooled > 0.7  # which protein it is says most of it
    assert quantities.pooled_away_from_mean(study, VARIANT, restored=True) == pytest.approx([pooled - 0.125], abs=1e-6)


def test_the_design_is_that_of_the_whole_table():
    sequences = ["A" * 24, "A" * 9 + "C", "AAAAANAAAAA"]
    table = Probes(np.array([0, 1, 1]), sequences, np.zeros((3, 1)), [Protein("E", "P")])
    assert design_of(table) == {
        "probes": 3,
        "shortest": 10,
        "longest": 24,
        "rarest": 0,
        "missing": 4**9 - 2,
        "frequent": pytest.approx(100 / 4**9),  # AAAAAAAAA: 16 times in the first probe, and once more
        "shared": 50,  # of AAAAAAAAA and AAAAAAAAC; what holds N is no 9-mer
    }


def test_a_fact_about_the_array_is_read_from_the_card_or_refused():
    assert quantities.design(Results(design={"rarest": 16}), "r", number="rarest") == 16
    with pytest.raises(ReplisomeError, match="has no 'rares'; known is rarest"):
        quantities.design(Results(design={"rarest": 16}), "r", number="rares")
    with pytest.raises(ReplisomeError, match="known is nothing: it is simulated"):
        quantities.design(Results(), "r", number="rarest")


def test_scales_of_proteins_are_compared_where_there_are_more_than_a_few():
    train = [{"clip": 3.0 + k, "floor": 1.0} for k in range(5)]
    stats = {"targets": {"train": train}}
    assert quantities.scale_ratio(Results(*[UNKNOWN] * 5, stats=stats), "r") == 3  # 6 to 2
    with pytest.raises(ReplisomeError, match="too few proteins"):
        quantities.scale_ratio(Results(*[UNKNOWN] * 4, stats=stats), "r")


@pytest.mark.parametrize(("bidirectional", "parameters"), [(True, 532737), (False, 200833)])
def test_report_as_lstms_have_as_many_parameters_as_it_says(bidirectional, parameters):
    study = Results(stats={"shape": [41, 4], "outputs": [{}], "tokens": 0})
    options = {"width": 128, "depth": 2, "bidirectional": bidirectional}
    assert quantities.lstm_parameters(study, "r", **options) == parameters


def test_a_token_has_more_values_than_a_one_hot_base():
    assert quantities.values_a_position(Results(stats={"shape": [41, 4], "tokens": 0}), "r") == 4
    assert quantities.values_a_position(Results(stats={"shape": [40], "tokens": 18}), "r") == 16
