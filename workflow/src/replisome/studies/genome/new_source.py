"""A genome of one's own: what is in a FASTA file, and how windows must be cut for its length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from replisome.data.new_source import Examined, NewSource, Recipes, counted, listed
from replisome.errors import ReplisomeError

LONGEST_SHOWN = 4  # contigs that are listed by name and length
COMPLEMENT = bytes.maketrans(b"ACGTRYKMBVDHSWN", b"TGCAYRMKVBHDSWN")


def examine(name: str, file: Path | None, options: Mapping[str, str]) -> Examined:
    """Read the genome as ``prepare`` does, and say what is in it.

    Args:
        name: of the new data set.
        file: FASTA, plain or gzip.
        options: none.

    Returns:
        Contigs, lengths, letters and copies; with which experiments a study on it begins.

    Raises:
        ReplisomeError: no FASTA file of nucleotides; the message says where and what to do.
    """
    from replisome.studies.genome.fasta import read_fasta  # noqa: PLC0415 -- NumPy and Biopython, which help needs not

    assert file is not None
    genome = read_fasta(file)
    letters, copies = _letters_and_copies(file)
    longest = sorted(genome.contigs, key=lambda contig: -contig[1])
    bases = sum(length for _, length in genome.contigs)
    certain = sum(letters[base] for base in "ACGT")
    other = {letter: count for letter, count in sorted(letters.items()) if letter not in "ACGT"}
    found = [
        ("contigs", f"{len(genome.contigs):,}: " + listed([f"{n} ({size:,})" for n, size in longest], LONGEST_SHOWN)),
        ("bases", f"{bases:,}, {certain:,} of them certain; GC {100 * (letters['G'] + letters['C']) / certain:.1f} %"),
        ("other letters", listed([f"{letter} {count:,}" for letter, count in other.items()]) or "none"),
        (
            "stretches of certain bases",
            f"{len(genome.segments):,}, the longest {max(s.length for s in genome.segments):,}",
        ),
        ("lower case", f"{counted(genome.lower, 'base')}, read as upper case" if genome.lower else "none"),
        ("contigs that are copies", listed([" = ".join(group) for group in copies]) or "none"),
    ]
    notes = []
    if genome.empty:
        notes.append(f"{counted(genome.empty, 'contig')} without any base: passed over.")
    if other:
        notes.append("No window reaches over a letter other than A, C, G and T.")
    if copies:
        notes.append(
            "Copies put the same bases into training and test, whatever the split; split 'homology' drops such test "
            "windows. Leave copies out of the file where they mean nothing."
        )
    return Examined(
        found=found,
        notes=notes,
        says={"only": ["protocols", "baselines"], "replace": {"genome-sakai": name, "genome-k12": name}},
        fit=lambda recipes: _fit(recipes, [segment.length for segment in genome.segments]),
    )


def _letters_and_copies(file: Path) -> tuple[dict[str, int], list[list[str]]]:
    """Return how often each letter stands in the file, U as T, and the names of contigs that are one sequence.

    The other strand of a contig is the same sequence.
    """
    import hashlib  # noqa: PLC0415

    from Bio.SeqIO.FastaIO import SimpleFastaParser  # noqa: PLC0415

    from replisome.data.text_files import open_text  # noqa: PLC0415

    letters: dict[str, int] = defaultdict(int)
    same: dict[bytes, list[str]] = defaultdict(list)
    with open_text(file) as handle:
        for number, (title, text) in enumerate(SimpleFastaParser(handle), start=1):  # type: ignore[no-untyped-call]
            sequence = text.upper().replace("U", "T").encode("ascii", "replace")
            for letter in set(sequence):
                letters[chr(letter)] += sequence.count(letter)
            either = min(sequence, sequence.translate(COMPLEMENT)[::-1])
            if sequence:
                same[hashlib.blake2b(either, digest_size=16).digest()].append(
                    (title.split() or [f"contig-{number}"])[0]
                )
    return letters, [names for names in same.values() if len(names) > 1]


def _fit(recipes: Recipes, lengths: list[int]) -> dict[str, Any]:
    """Return by recipe how windows must be cut otherwise: further apart in a long genome, in fewer blocks of a short.

    Raises:
        ReplisomeError: the genome is too short for the windows of a recipe.
    """
    from replisome.studies.genome import windows  # noqa: PLC0415

    changes: dict[str, Any] = {}
    for name, recipe in recipes.items():
        k, stride = windows.encoding(recipe["encoding"])
        cut, where = windows.cut_of(recipe), windows.layout(lengths, k, stride)
        enough = -(-where.tokens // max(1, windows.MOST - len(lengths)))  # a stretch may have one window more
        own: dict[str, Any] = {"step": enough} if enough > cut.step else {}
        cut = cut._replace(**own)
        for blocks in sorted({cut.blocks, *(b for b in (5, 3, 2, 1) if b < cut.blocks)}, reverse=True):
            try:
                windows.split_windows(where, recipe["split"], cut._replace(blocks=blocks), k)
            except ReplisomeError as error:
                if blocks == 1:
                    raise ReplisomeError(f"{str(error).replace('recipe:', f'recipe {name!r}:')}") from None
            else:
                own |= {"blocks": blocks} if blocks != cut.blocks else {}
                break
        if own:
            changes[name] = {"windows": own}
    return changes


SOURCE = NewSource(
    kind="genome",
    takes="a FASTA file of nucleotides, plain or gzip",
    suffixes=(".fasta.gz", ".fna.gz", ".fa.gz", ".fasta", ".fna", ".fa"),
    options={},
    examine=examine,
    dataset="genome-sakai",
)
