import json
import math

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from replisome.data.encode.dna import encode_dna
from replisome.data.parquet import column_array, read_parquet, write_parquet, write_parquet_stream
from replisome.data.raw_files import RawFile
from replisome.data.splits import SPLITS
from replisome.errors import ReplisomeError
from replisome.io import write_json
from replisome.models import IGNORED
from replisome.studies.genome import data, stretches
from replisome.studies.genome.data import prepare
from replisome.studies.genome.reading_frames import codon_positions
from replisome.studies.genome.task import CONTEXT, NextToken, TileSplit, WindowSplit, reverse_complement

CPU = torch.device("cpu")


def recipe(**changes):
    plain = {
        "source": {"control": "markov", "options": {"bases": 4000}}, "split": "blocks", "encoding": "kmer1",
        "normalisation": "none", "windows": {"length": 40, "blocks": 3},
    }  # fmt: skip
    return {**plain, **changes}


def from_file(path, **changes):
    return prepare(recipe(source={"dataset": "x"}, **changes), {"x": RawFile(path, {})})


def stored(folder, prepared):
    """Write what is prepared as the stage does; returns the folder."""
    for split, (table, metadata) in prepared.tables.items():
        write_parquet(folder / f"{split}.parquet", table, metadata)
    write_parquet_stream(folder / "tokens.parquet", *prepared.shared["tokens"])
    write_json(folder / "stats.json", prepared.statistics)
    return folder


def streamed(prepared):
    return [token for batch in prepared.shared["tokens"].batches for token in batch.column(0).to_pylist()]


def written(folder, *contigs):
    path = folder / "genome.fna"
    path.write_text("".join(f">c{i}\n{text}\n" for i, text in enumerate(contigs)))
    return path


def random_dna(n, seed=0):
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), n))


@pytest.mark.parametrize(
    ("encoding", "k", "stride"), [("kmer1", 1, 1), ("kmer4", 4, 1), ("kmer4-apart", 4, 4), ("kmer6", 6, 1)]
)
def test_a_window_holds_the_kmers_of_its_place(tmp_path, encoding, k, stride):
    contigs = [random_dna(3001), random_dna(700, 1) + "N" + random_dna(800, 2)]
    folder = stored(
        tmp_path, from_file(written(tmp_path, *contigs), encoding=encoding, windows={"length": 20, "blocks": 2})
    )
    task = NextToken(folder)
    split = task.load("test", CPU)
    inputs, targets = split.batch(torch.arange(len(split)))
    table, _ = read_parquet(folder / "test.parquet")
    assert {0, 1} == set(table.column("contig").to_pylist())
    for row in range(len(split)):
        # "position" is the first base that the window predicts, in its contig.
        first = table.column("position")[row].as_py()
        text = contigs[table.column("contig")[row].as_py()]
        tokens = [*inputs[row].tolist(), targets[row, -1].item()]
        for j, token in enumerate(tokens):
            start = first - k + j * stride if stride == 1 else first + (j - 1) * stride
            kmer = text[start : start + k]
            assert token == int("".join(str("ACGT".index(c)) for c in kmer), 4)
        assert targets[row, :-1].tolist() == inputs[row, 1:].tolist()
    assert task.data.tokens == 4**k


@pytest.mark.parametrize("how", ["batch", "augmented"])
def test_training_in_pieces_sees_the_same_tokens_at_a_step_and_scores_whole_windows(tmp_path, how):
    splits = {}
    for piece in (40, 10):
        windows = {"length": 40, "piece": piece, "blocks": 3}
        prepared = prepare(recipe(split="random", encoding="kmer2", windows=windows), {})
        assert prepared.card["cut"]["piece"] == piece
        task = NextToken(stored(tmp_path / str(piece), prepared))
        splits[piece] = {split: task.load(split, CPU) for split in SPLITS}
    items = torch.arange(8)
    batches = {}
    for piece, split in splits.items():
        torch.manual_seed(0)
        train = split["train"]
        batches[piece] = train.batch(items) if how == "batch" else train.augmented(items, "reverse_complement")
    for whole, pieces in zip(batches[40], batches[10], strict=True):
        assert (tuple(whole.shape), tuple(pieces.shape)) == ((8, 40), (32, 10))
        assert torch.equal(whole.reshape(32, 10), pieces)
    for name in ("validation", "test"):
        whole, pieces = (splits[piece][name].batch(items) for piece in (40, 10))
        assert torch.equal(whole[0], pieces[0])
        assert pieces[0].shape == (8, 40)


def test_pieces_of_the_genome_change_nothing(tmp_path, monkeypatch):
    contigs = [random_dna(5000), random_dna(2500, 1)]
    recipe_of = {"split": "homology", "encoding": "kmer3", "windows": {"length": 50, "blocks": 4}}
    whole = from_file(written(tmp_path, *contigs), **recipe_of)
    tokens = streamed(whole)
    for module in (data, stretches):
        monkeypatch.setattr(module, "CHUNK", 777)
    pieces = from_file(written(tmp_path, *contigs), **recipe_of)
    assert tokens == streamed(pieces)
    for split in SPLITS:
        one, two = whole.tables[split][0], pieces.tables[split][0]
        assert one.drop_columns(["codon"] * (split != "train")).equals(two.drop_columns(["codon"] * (split != "train")))
    assert whole.card == pieces.card


def test_homology_drops_what_is_shared_on_either_strand(tmp_path):
    base = random_dna(6000)
    turned = base[1000:1200][::-1].translate(str.maketrans("ACGT", "TGCA"))
    text = base[:5600] + turned + base[5800:]  # in the last fifth: test
    blocks = from_file(written(tmp_path, text), windows={"length": 40, "blocks": 1})
    apart = from_file(written(tmp_path, text), split="homology", windows={"length": 40, "blocks": 1})
    assert blocks.card["overlap"]["test"]["windows_sharing"] > 0
    assert blocks.card["overlap"]["test"]["covered"] == 0
    assert apart.card["overlap"]["test"]["windows_sharing"] == 0
    assert apart.card["dropped"]["test"] == round(
        blocks.card["overlap"]["test"]["windows_sharing"] * blocks.card["counts"]["test"]
    )


def test_a_random_split_is_measured_as_seen_and_blocks_as_not():
    seen = prepare(recipe(split="random"), {}).card["overlap"]["test"]
    unseen = prepare(recipe(), {}).card["overlap"]["test"]
    assert seen["covered"] > 0.999
    assert seen["shared"] > 0.99
    assert (unseen["covered"], unseen["windows_untouched"]) == (0, 1)


def test_the_oracle_pays_the_entropy_on_every_split():
    card = prepare(recipe(source={"control": "markov", "options": {"bases": 50_000}}), {}).card
    for split in SPLITS:
        assert card["ceiling"]["oracle_on_this_draw"][split] == pytest.approx(card["ceiling"]["expected"], abs=0.05)


@pytest.mark.parametrize(
    ("contigs", "changes", "message"),
    [
        (["ACGTACGT", "ACG"], {}, r"no stretch of certain bases holds a window of 40 \+ 1 tokens"),
        ([random_dna(4000)], {"split": "homology", "windows": {"length": 10}}, "needs windows of at least 24 bases"),
        ([random_dna(30) * 200], {"split": "homology"}, "repeats itself too much"),
    ],
)
def test_a_genome_that_does_not_fit_its_recipe_is_refused(tmp_path, contigs, changes, message):
    with pytest.raises(ReplisomeError, match=message):
        from_file(written(tmp_path, *contigs), **changes)


def test_many_contigs_are_stored_in_few_row_groups_and_lose_nothing(tmp_path):
    contigs = [random_dna(90, seed) for seed in range(400)]
    prepared = from_file(written(tmp_path, *contigs), encoding="kmer2", windows={"length": 20, "blocks": 3})
    folder = stored(tmp_path, prepared)
    assert pq.ParquetFile(folder / "tokens.parquet").num_row_groups == 1
    tokens = read_parquet(folder / "tokens.parquet")[0].column("token").to_pylist()
    assert tokens == [int(str("ACGT".index(c[i])) + str("ACGT".index(c[i + 1])), 4) for c in contigs for i in range(89)]


def test_contigs_read_together_stay_apart(tmp_path):
    """What is shared, and codons, are those of looking at each contig alone."""
    base = random_dna(3000, 1)
    rng = np.random.default_rng(0)  # of few A and T, so that there are stretches without a stop codon
    contigs = ["".join(rng.choice(list("ACGT"), n, p=[0.1, 0.4, 0.4, 0.1])) for n in range(320, 440, 3)]
    contigs += [base[at : at + 400] for at in range(0, 2000, 150)]  # which overlap: they share 24-mers
    cut = {"length": 30, "blocks": 4, "step": 5}
    table, metadata = from_file(written(tmp_path, *contigs), windows=cut).tables["test"]
    train, _ = from_file(written(tmp_path, *contigs), windows=cut).tables["train"]
    first = np.cumsum([0, *map(len, contigs)])
    seen = set()
    for start in train.column("start").to_pylist():
        contig = np.searchsorted(first, start, side="right") - 1
        text = contigs[contig][start - first[contig] :][:31]
        for strand in (text, text[::-1].translate(str.maketrans("ACGT", "TGCA"))):
            seen |= {strand[at : at + 24] for at in range(8)}
    codons = column_array(table, "codon", (metadata["length"],))
    rows = zip(*(table.column(name).to_pylist() for name in ("contig", "position", "shared")), strict=True)
    for row, (contig, position, share) in enumerate(rows):
        text = contigs[contig][position - 1 : position + 30]
        assert share == pytest.approx(np.mean([text[at : at + 24] in seen for at in range(8)]), abs=1e-6)
        alone = codon_positions(encode_dna(np.frombuffer(contigs[contig].encode(), np.uint8)))
        assert codons[row].tolist() == alone[position : position + 30].tolist()
    assert 0 < np.mean(table.column("shared").to_numpy() > 0) < 1
    assert codons.any()


def test_short_contigs_are_left_out_and_counted(tmp_path):
    prepared = from_file(written(tmp_path, random_dna(4000), "ACGT" * 5, random_dna(41)))
    assert prepared.card["segments_too_short"] == 1
    assert prepared.card["genome"]["contigs"] == 3


def tiles_of(starts, tokens, length):
    split = WindowSplit(tokens, torch.tensor(starts), length, 1).disjoint()
    inputs, targets = split.batch(torch.arange(len(split)))
    return split, inputs, targets


def test_disjoint_tiles_predict_each_covered_token_once_with_what_stands_before_it(monkeypatch):
    monkeypatch.setattr("replisome.studies.genome.task.TILE", 50)
    tokens = torch.randint(0, 4, (1000,), generator=torch.Generator().manual_seed(0))
    starts = [0, 3, 10, 200, 205, 400, 421, 979]
    split, inputs, targets = tiles_of(starts, tokens, 20)
    assert isinstance(split, TileSplit)
    wanted = sorted({t for s in starts for t in range(s + 1, s + 21)})
    found = []
    for row in range(len(split)):
        for column in (targets[row] != IGNORED).nonzero().flatten().tolist():
            place = int(split.read_from[row]) + column + 1
            found.append(place)
            assert targets[row, column] == tokens[place]
            low = max(int(split.read_from[row]), place - CONTEXT)
            assert inputs[row, column - (place - low) + 1 : column + 1].tolist() == tokens[low:place].tolist()
    assert sorted(found) == wanted


def test_bits_per_base_compare_across_k_and_stride(tmp_path):
    for encoding in ("kmer1", "kmer4", "kmer4-apart"):
        folder = stored(
            tmp_path / encoding, prepare(recipe(encoding=encoding, windows={"length": 10, "blocks": 2}), {})
        )
        task = NextToken(folder)
        split = task.load("test", CPU)
        inputs, targets = split.batch(torch.arange(len(split)))
        k, stride = task.k, task.stride
        # Two bits for each base that is new, all on the tokens that can follow.
        logits = torch.full((*targets.shape, 4**k), -1e9)
        own = (inputs % 4 ** (k - stride)).unsqueeze(2) * 4**stride + torch.arange(4**stride)
        logits.scatter_(2, own, 0.0)
        reduced = task.reduce_outputs(logits, targets).numpy()
        scores = task.scores(reduced, targets.numpy())
        assert scores["bits_per_base"] == pytest.approx(2)
        assert scores["successors"] == pytest.approx(1)
        loss = task.loss(logits, targets).item()
        assert loss == pytest.approx(stride * math.log(4))
        assert task.terms(targets) == targets.numel()


@pytest.mark.parametrize("encoding", ["kmer1", "kmer3", "kmer4-apart"])
def test_the_other_strand_of_a_window_is_its_reverse_complement(tmp_path, encoding):
    task = NextToken(stored(tmp_path, prepare(recipe(encoding=encoding, windows={"length": 10, "blocks": 2}), {})))
    split = task.load("test", CPU)
    inputs, targets = split.batch(torch.arange(len(split)))

    def text(tokens):
        bases = [[t // 4**p % 4 for p in range(task.k - 1, -1, -1)] for t in tokens.tolist()]
        return [*(b for token in bases[:-1] for b in token[: task.stride]), *bases[-1]]

    windows = torch.cat([inputs, targets[:, -1:]], dim=1)
    for row, turned in zip(windows, reverse_complement(windows, task.k), strict=True):
        assert text(turned) == [3 - base for base in text(row)[::-1]]
    torch.manual_seed(0)
    one, two = split.augmented(torch.arange(len(split)), "reverse_complement")
    assert torch.equal(one[:, 1:], two[:, :-1])
    kept = (one == inputs).all(dim=1)
    assert 0 < kept.sum() < len(kept)


def test_codons_are_stored_for_each_predicted_base(tmp_path):
    prepared = prepare(recipe(source={"control": "genes", "options": {"bases": 30_000, "families": 1}}), {})
    table, metadata = prepared.tables["test"]
    codon = column_array(table, "codon", (metadata["length"],))
    assert codon.shape == (len(table), 40)
    assert set(np.unique(codon)) <= {-3, -2, -1, 0, 1, 2, 3}
    inside = codon[:, :-1][(codon[:, :-1] > 0) & (codon[:, 1:] > 0)]
    following = codon[:, 1:][(codon[:, :-1] > 0) & (codon[:, 1:] > 0)]
    assert (following == inside % 3 + 1).mean() > 0.95
    assert json.dumps(prepared.card)  # the card is JSON
