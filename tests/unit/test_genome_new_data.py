"""A user's genome: windows cut as those of a recipe, read in pieces, and what each base costs written once."""

import gzip
import json

import numpy as np
import pytest
import torch

from replisome.errors import ReplisomeError
from replisome.models import IGNORED
from replisome.studies.genome import streamed
from replisome.studies.genome.data import _tokens
from replisome.studies.genome.fasta import read_fasta
from replisome.studies.genome.new_data import answers, read, tabulate
from replisome.studies.genome.stretches import Coded
from replisome.studies.genome.task import open_task
from replisome.studies.genome.windows import layout
from replisome.training.new_data import Beside, joined

CPU = torch.device("cpu")
LENGTH = 7


def genome_task(folder, k=1, stride=1):
    statistics = {"length": LENGTH, "piece": LENGTH, "k": k, "stride": stride, "tokens": 4**k}
    (folder / "stats.json").write_text(json.dumps(statistics))
    return open_task(folder)


def random_fasta(path, seed=0):
    """Contigs of 0 to 90 letters in lines of some length, of which some are N or lower case."""
    rng = np.random.default_rng(seed)
    with path.open("w") as handle:
        for number in range(30):
            letters = "".join(
                rng.choice(list("ACGTacgtNRu"), size=rng.integers(0, 90), p=[0.22] * 4 + [0.016] * 5 + [0.02] * 2)
            )
            handle.write(f">contig{number} some words\n")
            width = int(rng.integers(5, 30))
            handle.writelines(f"{letters[at : at + width]}\n" for at in range(0, len(letters), width))
    return path


@pytest.mark.parametrize(("k", "stride"), [(1, 1), (3, 1), (3, 3)])
@pytest.mark.parametrize("piece", [1, 10, 1 << 16])
def test_every_token_of_a_recipe_is_predicted_once_whatever_the_pieces(tmp_path, monkeypatch, k, stride, piece):
    monkeypatch.setattr(streamed, "PIECE", piece)
    path = random_fasta(tmp_path / "x.fa", seed=k)
    genome = read_fasta(path)
    where = layout([segment.length for segment in genome.segments], k, stride)
    stream = np.concatenate([batch.column("token").to_numpy() for batch in _tokens(Coded(genome, k, stride, where))])
    wanted = {}
    for segment, first, size in zip(genome.segments, where.first, where.sizes, strict=True):
        name = genome.contigs[segment.contig][0]
        for token in range(1, size):
            wanted[name, segment.start + k + (token - 1) * stride] = stream[first + token]
    found, starts = {}, set()
    for window in streamed.windows(path, streamed.Cutting(k, stride, LENGTH), contigs := []):
        starts.add((window.contig.name, window.position))
        for number in range(window.predicted):
            place = (window.contig.name, window.position + number * stride)
            assert place not in found
            found[place] = window.tokens[number + 1]
    assert found == wanted
    assert {c.name: c.length for c in contigs if c.length} == dict(genome.contigs)
    assert sum(c.ambiguous for c in contigs) == genome.ambiguous
    assert sum(c.lower for c in contigs) == genome.lower
    segments = {(genome.contigs[s.contig][0], s.start + k): s for s in genome.segments}
    assert starts >= {at for at, s in segments.items() if s.length >= k + stride}  # each stretch begins a window


def test_windows_are_those_of_a_test_split_and_behind_the_end_nothing_counts(tmp_path):
    task = genome_task(tmp_path)
    (tmp_path / "x.fa").write_text(">a\nACGTACGTAC\nGT\n>b\nACGTACGT\n")
    (batch,) = read(task, [tmp_path / "x.fa"], 128, CPU, Beside())
    assert batch.inputs.dtype == torch.int64
    assert batch.inputs.tolist() == [[0, 1, 2, 3, 0, 1, 2], [3, 0, 1, 2, 3, 0, 0], [0, 1, 2, 3, 0, 1, 2]]
    assert batch.targets[0].tolist() == [1, 2, 3, 0, 1, 2, 3]
    assert IGNORED not in batch.targets
    assert [*batch.names["contig"]] == ["a", "a", "b"]
    assert batch.names["position"].tolist() == [1, 8, 1]
    assert batch.names["predicted"].tolist() == [7, 4, 7]
    assert batch.share == 1


def made_up(task, path, out=None, networks=1, replaces=False):
    """Rows of the table where network n says of each token that it costs (base's number + n) bits."""
    beside = Beside(out, replaces=replaces)

    def said():
        for batch in read(task, [path], 3, CPU, beside):
            costs = batch.targets.float() * np.log(2)
            each = []
            for number in range(networks):
                reduced = torch.stack([costs + number * np.log(2), batch.targets == 0, torch.ones_like(costs)], dim=2)
                each.append(answers(task, reduced.numpy(), "logits"))
            yield joined(each, batch.names)

    (table,) = tabulate(task, said(), beside)
    return table.to_pandas().set_index("contig"), beside.said


def test_the_table_has_a_row_a_contig_and_the_bed_graph_each_base_once(tmp_path):
    task = genome_task(tmp_path)
    path = tmp_path / "x.fa.gz"
    path.write_bytes(
        gzip.compress(b">chr1 x\r\nACGTNNacgtu\r\n>short\r\nA\r\n>n\r\nNNN\r\n>empty\r\n>chr2\r\nGATTACAGATTACA")
    )
    table, said = made_up(task, path, tmp_path / "t.csv")
    assert table["length"].to_dict() == {"chr1": 11, "short": 1, "n": 3, "empty": 0, "chr2": 14}
    assert table["bases_scored"].to_dict() == {"chr1": 7, "short": 0, "n": 0, "empty": 0, "chr2": 13}
    assert table.loc["chr1", "bits_per_base"] == pytest.approx((1 + 2 + 3 + 1 + 2 + 3 + 3) / 7)
    assert table.loc["chr2", "accuracy"] == pytest.approx(6 / 13)
    assert table.loc[["short", "n", "empty"], ["bits_per_base", "accuracy"]].isna().all(axis=None)
    lines = [line.split("\t") for line in (tmp_path / "t.bedgraph").read_text().splitlines()]
    assert [line[:3] for line in lines[:4]] == [
        ["chr1", "1", "2"],
        ["chr1", "2", "3"],
        ["chr1", "3", "4"],
        ["chr1", "7", "8"],
    ]
    assert [float(line[3]) for line in lines[:4]] == pytest.approx([1, 2, 3, 1])
    assert len(lines) == table["bases_scored"].sum()
    assert not (tmp_path / "t.sd.bedgraph").exists()
    assert (said["letters_ambiguous"], said["letters_lower"]) == (5, 5)
    assert "5 letters stand for more than one base" in said["notes"][0]
    json.dumps(said)


def test_k_mers_apart_are_intervals_with_their_bits_a_base(tmp_path):
    task = genome_task(tmp_path, k=3, stride=3)
    (tmp_path / "x.fa").write_text(">a\nNACGAACAATG\n")  # ACG AAC AAT, and G is left over
    table, _ = made_up(task, tmp_path / "x.fa", tmp_path / "t.csv")
    assert (tmp_path / "t.bedgraph").read_text().splitlines()[0].split("\t")[:3] == ["a", "4", "7"]
    lines = [line.split("\t") for line in (tmp_path / "t.bedgraph").read_text().splitlines()]
    assert [float(line[3]) for line in lines] == pytest.approx([1 / 3, 1])
    assert table.loc["a", "bases_scored"] == 6
    assert table.loc["a", "bits_per_base"] == pytest.approx(4 / 6)


def test_of_several_networks_mean_and_spread_of_contigs_and_bases_are_given(tmp_path):
    task = genome_task(tmp_path)
    (tmp_path / "x.fa").write_text(">a\nACGTTTGACCA\n")
    one, _ = made_up(task, tmp_path / "x.fa")
    table, _ = made_up(task, tmp_path / "x.fa", tmp_path / "t.csv", networks=3)
    assert table.loc["a", "bits_per_base"] == pytest.approx(one.loc["a", "bits_per_base"] + 1)
    assert table.loc["a", "bits_per_base_sd"] == pytest.approx(1)
    assert table.loc["a", "accuracy_sd"] == pytest.approx(0)
    spread = (tmp_path / "t.sd.bedgraph").read_text().splitlines()
    assert [float(line.split("\t")[3]) for line in spread] == pytest.approx([1] * 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty, or no header"),
        ("ACGT\n", "line 1: 'ACGT' stands before the first header"),
        (">a\nACGT\nAC-T\n", "line 3: '-' in contig 'a' is no nucleotide"),
        (">a\nMKLVE\n", "line 2: 'L' in contig 'a' is no nucleotide .* is this a protein file"),
        (">a\nACGT\n>a\nACGT\n", "line 3: two contigs are called 'a'"),
        (">a\nANCNGNT\n>b\n\n", r"no stretch of certain bases \(A, C, G, T\) is longer than the 1"),
        (">a\nACGT\xe9\n", "is no text in UTF-8"),
    ],
)
def test_what_is_no_fasta_of_nucleotides_is_refused_with_its_line(tmp_path, text, message):
    task = genome_task(tmp_path)
    (tmp_path / "x.fa").write_bytes(text.encode("latin-1"))
    with pytest.raises(ReplisomeError, match=rf"x\.fa.*{message}"):
        list(read(task, [tmp_path / "x.fa"], 8, CPU, Beside()))


def test_a_gzip_file_that_is_cut_off_and_a_folder_are_refused(tmp_path):
    task = genome_task(tmp_path)
    random_fasta(tmp_path / "x.fa")
    packed = gzip.compress((tmp_path / "x.fa").read_bytes())
    (tmp_path / "x.fa.gz").write_bytes(packed[:-200])
    with pytest.raises(ReplisomeError, match=r"x\.fa\.gz: cut off"):
        list(read(task, [tmp_path / "x.fa.gz"], 8, CPU, Beside()))
    with pytest.raises(ReplisomeError, match="is a folder; give FASTA files"):
        list(read(task, [tmp_path], 8, CPU, Beside()))


def test_a_bed_graph_of_the_users_own_is_not_overwritten_and_one_of_an_earlier_table_is(tmp_path):
    task = genome_task(tmp_path)
    path, own = tmp_path / "x.fa", tmp_path / "t.bedgraph"
    path.write_text(">a\nACGTACGT\n")
    own.write_text("mine\n")
    with pytest.raises(ReplisomeError, match=r"t\.bedgraph: is there already, and not from an earlier table"):
        made_up(task, path, tmp_path / "t.csv")
    assert own.read_text() == "mine\n"
    made_up(task, path, tmp_path / "t.csv", replaces=True)
    assert own.read_text().startswith("a\t")
