import numpy as np
import pytest
from scipy.stats import spearmanr

from replisome.data.encode.bases import encode_bases
from replisome.errors import ReplisomeError
from replisome.studies.rnacompete.control import DECOY, MOTIFS, affinity, draw_probes


def bound(sequence):
    codes = encode_bases([sequence], 41).codes
    return float(affinity(np.minimum(codes, 3), np.array([len(sequence)]), MOTIFS[0])[0])


PLAIN = "A" * 40


def with_site(site, at=17):
    return PLAIN[:at] + site + PLAIN[at + len(site) :]


def test_the_motif_is_bound_and_the_decoy_is_not():
    assert bound(with_site(MOTIFS[0])) > 4 * bound(PLAIN)
    assert bound(with_site(DECOY)) == pytest.approx(bound(PLAIN), rel=0.15)


def test_mismatches_and_places_near_the_ends_bind_less_well():
    exact = bound(with_site("UGCAUG"))
    assert exact > bound(with_site("UGCAUC")) > bound(with_site("UGGAUC"))
    assert exact > bound(with_site("UGCAUG", at=0)) > bound(PLAIN)


def test_binding_saturates():
    one, two = bound(with_site("UGCAUG")), bound(with_site("UGCAUGUGCAUG", at=14))
    assert one < two < 9
    assert two - one < one - bound(PLAIN)


def test_the_oracle_reaches_the_ceiling_on_a_large_draw():
    drawn = draw_probes(train=30000, test=20)
    shown = drawn.probes.intensities[:30000, 0]
    valid = ~np.isnan(shown)
    assert spearmanr(drawn.affinities[:30000, 0][valid], shown[valid])[0] == pytest.approx(drawn.ceiling, abs=0.01)


def test_probes_look_like_the_arrays():
    drawn = draw_probes(train=400, test=100, proteins=2, failed=0.1)
    assert {len(sequence) for sequence in drawn.probes.sequences} == {38, 39, 40, 41}
    assert drawn.probes.sets.tolist() == [0] * 400 + [1] * 100
    assert np.isnan(drawn.probes.intensities).mean() == pytest.approx(0.1, abs=0.03)
    assert len(drawn.probes.proteins) == 2


def test_the_same_seed_draws_the_same_probes():
    one, two, other = (draw_probes(train=20, test=20, seed=seed).probes for seed in (1, 1, 2))
    assert one.sequences == two.sequences != other.sequences
    np.testing.assert_array_equal(one.intensities, two.intensities)


@pytest.mark.parametrize("options", [{"train": 5}, {"proteins": 9}, {"noise": -1.0}, {"failed": 1.0}, {"planted": 2.0}])
def test_options_out_of_range_are_a_message(options):
    with pytest.raises(ReplisomeError, match="control 'probes'"):
        draw_probes(**options)
