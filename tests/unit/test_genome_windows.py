import re

import numpy as np
import pytest

from replisome.data.encode.dna import encode_dna, reverse_complement
from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.studies.genome import windows
from replisome.studies.genome.overlap import SHARED, canonical, covered, shared
from replisome.studies.genome.reading_frames import STOPS, codon_positions
from replisome.studies.genome.windows import Cut, layout, split_windows, union


def reads(starts, length):
    """Return the tokens that windows read or predict, one set a split."""
    return {split: {t for s in found for t in range(s, s + length + 1)} for split, found in starts.items()}


@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("split", ["blocks", "prefix80", "homology"])
def test_splits_lie_at_least_a_window_apart(split, k):
    where, cut = layout([7000, 3000], k, 1), Cut(length=30, blocks=4)
    found = split_windows(where, split, cut, k)
    tokens = reads(found, cut.length)
    for one in SPLITS:
        for two in SPLITS:
            if one != two:
                a, b = np.array(sorted(tokens[one])), np.array(sorted(tokens[two]))
                nearest = np.abs(a[:, None] - b[None, :]).min()
                assert nearest > cut.length
    sizes = {split: len(held) for split, held in tokens.items()}
    assert 0.15 < sizes["test"] / where.tokens <= 0.2
    assert sizes["train"] > 3 * sizes["test"]


def test_blocks_are_spread_along_the_genome_and_the_prefix_is_not():
    where = layout([10000], 1, 1)
    blocks = split_windows(where, "blocks", Cut(length=30, blocks=5), 1)["test"]
    assert len(np.flatnonzero(np.diff(blocks) > 1000)) == 4
    prefix = split_windows(where, "prefix80", Cut(length=30), 1)
    assert prefix["test"].min() == 8000
    assert prefix["train"].max() + 30 < 7200 - 30


@pytest.mark.parametrize("split", ["random", "blocks", "prefix80"])
def test_no_window_crosses_the_end_of_a_segment(split):
    where, length = layout([900, 5, 300, 1000, 31, 30, 2500], 2, 1), 30
    ends = np.cumsum(where.sizes)
    for starts in split_windows(where, split, Cut(length=length, blocks=2), 2).values():
        assert (np.searchsorted(ends, starts, "right") == np.searchsorted(ends, starts + length, "right")).all()


def test_test_windows_predict_each_token_of_their_blocks_once():
    found = split_windows(layout([5000], 1, 1), "blocks", Cut(length=40, blocks=2), 1)["test"]
    predicted = [token for start in found for token in range(start + 1, start + 41)]
    assert len(predicted) == len(set(predicted))
    assert set(np.diff(found)) - {40} == {max(np.diff(found))}


def test_a_random_split_takes_every_window_once_and_leaks():
    where, cut = layout([2000, 500], 1, 1), Cut(length=50)
    found = split_windows(where, "random", cut, 1)
    together = np.sort(np.concatenate(list(found.values())))
    assert together.tolist() == [*range(1950), *range(2000, 2450)]
    assert 0.17 < len(found["test"]) / len(together) < 0.23
    assert covered(found["test"], 50, union(found["train"], 50)).mean() > 0.999
    again = split_windows(where, "random", cut, 1)
    assert all(np.array_equal(found[split], again[split]) for split in SPLITS)


@pytest.mark.parametrize("validation", [1, 10, 40])
def test_a_random_split_tests_on_a_fifth_and_trains_on_all_but_the_scored_validation_windows(validation):
    where = layout([2000, 513], 1, 1)
    found = split_windows(where, "random", Cut(length=50, validation=validation), 1)
    windows = 2000 - 50 + 513 - 50
    sizes = {split: len(starts) for split, starts in found.items()}
    test = -(-windows // 5)
    assert sizes == {"train": windows - test - validation, "validation": validation, "test": test}
    assert len(np.unique(np.concatenate(list(found.values())))) == windows
    few = split_windows(where, "random", Cut(length=50, validation=validation, test=7), 1)
    assert (len(few["test"]), set(few["test"]) - set(found["test"])) == (7, set())
    assert np.array_equal(few["train"], found["train"])


def test_pieces_of_a_window_are_whole():
    message = "windows.piece is 30, but windows of 200 tokens do not fall into such pieces"
    with pytest.raises(ReplisomeError, match=message):
        split_windows(layout([5000], 1, 1), "random", Cut(piece=30), 1)


def test_windows_in_pieces_are_those_that_are_read_whole():
    for split in ("random", "blocks"):
        whole, pieces = (
            split_windows(layout([9000], 1, 1), split, Cut(length=60, piece=p, blocks=2), 1) for p in (None, 10)
        )
        assert all(np.array_equal(whole[name], pieces[name]) for name in SPLITS)


def test_fewer_windows_are_spread_evenly():
    found = split_windows(layout([5000], 1, 1), "random", Cut(length=50, validation=10, test=3), 1)
    assert (len(found["validation"]), len(found["test"])) == (10, 3)
    assert found["test"][0] < 500 < 4000 < found["test"][2]


@pytest.mark.parametrize(
    ("lengths", "cut", "message"),
    [
        (
            [50, 20],
            Cut(length=50),
            r"no stretch of certain bases holds a window of 50 \+ 1 tokens \(the longest has 50\)",
        ),
        ([200], Cut(length=50, blocks=1), "200 tokens in 1 blocks leave no room to validate windows of 50"),
        ([60] * 20, Cut(length=50, blocks=1), "the .* split has no window of 50 tokens"),
        ([2000], Cut(length=50, blocks=40), "lower windows.length or windows.blocks, or give a longer sequence"),
    ],
)
def test_a_genome_too_short_for_its_windows_is_refused(lengths, cut, message):
    with pytest.raises(ReplisomeError, match=message):
        split_windows(layout(lengths, 1, 1), "blocks", cut, 1)


@pytest.mark.parametrize("split", ["random", "prefix80"])
def test_too_many_windows_are_refused_with_a_step_that_helps(monkeypatch, split):
    monkeypatch.setattr(windows, "MOST", 500)
    with pytest.raises(ReplisomeError, match=r"more than 500 windows; raise windows.step from 1 to") as error:
        split_windows(layout([5000], 1, 1), split, Cut(length=50), 1)
    step = int(re.search(r"to (\d+) or more", str(error.value))[1])
    split_windows(layout([5000], 1, 1), split, Cut(length=50, step=step), 1)


def test_coverage_is_that_of_counting_token_by_token():
    rng = np.random.default_rng(0)
    train, test = np.sort(rng.choice(900, 12, replace=False)), np.sort(rng.choice(900, 40, replace=False))
    held = {t for s in train for t in range(s + 1, s + 21)}
    expected = [np.mean([t in held for t in range(s + 1, s + 21)]) for s in test]
    np.testing.assert_allclose(covered(test, 20, union(train, 20)), expected)


def test_shared_kmers_are_found_on_either_strand():
    rng = np.random.default_rng(0)
    train = rng.integers(0, 4, 500).astype(np.uint8)
    fresh = rng.integers(0, 4, 80).astype(np.uint8)
    fresh[0] = train[99]  # the other strand goes on with 3 - train[99]: another base
    half = np.concatenate([reverse_complement(train[100:140]), fresh[:40]])
    rows = np.stack([train[200:280], reverse_complement(train[10:90]), fresh, half])
    expected = [1, 1, 0, (40 - SHARED + 1) / (80 - SHARED + 1)]
    np.testing.assert_allclose(shared(rows, [train]), expected)
    pieces = [train[start : start + 50 + SHARED - 1] for start in range(0, 500, 50)]
    np.testing.assert_allclose(shared(rows, pieces), expected)
    assert canonical(train).tolist() == canonical(reverse_complement(train))[::-1].tolist()


def test_windows_too_short_for_a_shared_kmer_have_no_share():
    assert np.isnan(shared(np.zeros((2, SHARED - 1), np.uint8), [np.zeros(100, np.uint8)])).all()


def test_codon_positions_follow_a_gene_on_either_strand():
    rng = np.random.default_rng(0)
    sense = np.setdiff1d(np.arange(64), STOPS)
    gene = np.array([(codon >> shift) & 3 for codon in rng.choice(sense, 120) for shift in (4, 2, 0)], np.uint8)
    around = encode_dna(np.frombuffer(b"TTAATTAATTAA", np.uint8))  # a stop codon in each frame of both strands
    codes = np.concatenate([around, gene, around])
    found = codon_positions(codes, shortest=300)
    inside = slice(len(around), len(around) + len(gene))
    assert found[inside].tolist() == [1, 2, 3] * 120
    assert (found[:6] == 0).all()
    assert codon_positions(reverse_complement(codes), shortest=300).tolist() == (-found[::-1]).tolist()
    assert not codon_positions(codes, shortest=400).any()


def test_a_frame_ends_at_its_stop_codons():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, 3000).astype(np.uint8)
    for frame in range(3):
        codes[frame::3][:100] = 1  # C everywhere: no stop codon in the first 300 bases
    found = codon_positions(codes, shortest=240)
    assert (found[:290] != 0).all()
    for strand in (1, -1):
        sequence, positions = (codes, found) if strand > 0 else (reverse_complement(codes), found[::-1])
        starts = np.flatnonzero(positions == strand)
        starts = starts[starts + 2 < len(codes)]
        whole = starts[(positions[starts + 1] == 2 * strand) & (positions[starts + 2] == 3 * strand)]
        triples = 16 * sequence[whole].astype(int) + 4 * sequence[whole + 1] + sequence[whole + 2]
        assert not np.isin(triples, [48, 50, 56]).any()
