"""From ProteinNet text, or a control, to chains of any length in Parquet, streamed, with what was skipped counted."""

from __future__ import annotations

import importlib
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, Self

import numpy as np
import pyarrow as pa

from replisome.data.encode.aminoacids import ALPHABET
from replisome.data.prepared import Prepared, Stream
from replisome.data.raw_files import MOST_DEFLATED, RawFile, is_gzip
from replisome.data.splits import SPLITS
from replisome.data.text_files import open_unpacked
from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.records import CROP, PROFILE, Chain, Unsolved, read_records

ARCHIVES = (".tar.gz", ".tgz", ".tar")
# tarfile reads what stands in these headers into memory, as many bytes as they say; names and attributes are short.
LONG_HEADERS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
LONGEST_HEADER = 1 << 20  # bytes
BATCH = 256  # chains written at a time
COUNTED = (
    *("records", "without structure", "no two known residues", "also in a later split", "repeated names"),
    *("residues", "unknown residues", "longer than the crop", "longest"),
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("letters", pa.list_(pa.uint8())),
        ("profile", pa.list_(pa.float32())),
        ("ca", pa.list_(pa.float32())),
        ("known", pa.list_(pa.bool_())),
    ]
)
METADATA = {
    "alphabet": ALPHABET,
    "letters": "(residues,) uint8, indices into the alphabet",
    "profile": f"(residues, {PROFILE}) float32: the profile in the order of the alphabet, and the information content",
    "ca": "(residues, 3) float32, angstrom, 0 where not known",
    "known": "(residues,) bool",
}


def prepare(recipe: Mapping[str, Any], files: Mapping[str, RawFile]) -> Prepared:
    """Carry out a recipe; the training chains are read while the stream of the result is.

    Args:
        recipe: the recipe's block of the study file: source, split, protocol, and the crop in residues.
        files: by name in the ledger, an archive or three text files; empty for a control.

    Returns:
        For each split a stream with a row a chain: id, letters (residues,) uint8, profile (residues, 21) float32, ca
        (residues, 3) float32 in angstrom, known (residues,) bool. The statistics are crop, alphabet and protocol. The
        card counts chains and what was left out; that of a control has the oracle's error, in angstrom.

    Raises:
        ReplisomeError: anything wrong with a file or the recipe; the message names file, record and line.
    """
    options = recipe["source"].get("options", {})
    crop = recipe.get("crop", CROP)
    extra: dict[str, Any] = {}
    if "control" in recipe["source"]:
        chains: Mapping[str, Iterable[Chain | Unsolved]]
        chains, extra["ceiling"] = _control(recipe["source"]["control"], options, crop)
    else:
        chains = read(recipe, files, **options)
    about: dict[str, dict[str, int]] = {split: dict.fromkeys(COUNTED, 0) for split in SPLITS}
    extra_sections: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    counts = dict.fromkeys(SPLITS, 0)
    # Test and validation first, whole: they are small, and what training must not hold is known from them.
    later: set[bytes] = set()
    kept: dict[str, Iterable[Chain]] = {}
    drop = recipe["split"] == "official-deduplicated"
    for split in reversed(SPLITS):
        counted = _counted(chains[split], extra_sections[split])
        kept[split] = _usable(counted, split, crop, later.copy(), drop, about[split])
        if split != "train":
            kept[split] = own = list(kept[split])
            later |= {chain.letters[:crop].tobytes() for chain in own}
    return Prepared(
        tables={split: Stream(SCHEMA, _batches(kept[split], split, counts), METADATA) for split in SPLITS},
        statistics={"crop": crop, "alphabet": ALPHABET, "protocol": recipe["protocol"]},
        card={**extra, "crop": crop, "counts": counts, "chains": about, "extra_sections": extra_sections},
    )


def read(
    recipe: Mapping[str, Any],
    files: Mapping[str, RawFile],
    *,
    training: Literal[
        "training_30", "training_50", "training_70", "training_90", "training_95", "training_100"
    ] = "training_30",
    max_chains: int | None = None,
) -> Mapping[str, Iterable[Chain | Unsolved]]:
    """Return the records of each split, read when they are asked for: an archive's, or those of three text files.

    Args:
        recipe: the recipe's block of the study file.
        files: by name in the ledger, an archive with all splits, or a text file for each.
        training: the thinning: the largest sequence identity among training chains, in percent.
        max_chains: how many records of each split are read at most; all where it is None.

    Returns:
        By split, its records in the order of the file.

    Raises:
        ReplisomeError: a file for one of the splits is missing.
    """
    if max_chains is not None and max_chains < 1:
        raise ReplisomeError("recipe: max_chains is at least 1, or null for all.")
    members = dict(zip(SPLITS, (training, "validation", "testing"), strict=True))
    paths = [file.path for file in files.values()]
    archive = next((path for path in paths if path.name.endswith(ARCHIVES)), None)
    found: dict[str, Iterable[Chain | Unsolved]] = {}
    for split, member in members.items():
        path = archive or next((path for path in paths if path.name.split(".")[0] == member), None)
        if path is None:
            raise ReplisomeError(
                f"recipe: no file of {', '.join(path.name for path in paths)} holds '{member}'; choose another "
                "'training', or name the archive that has it as data set."
            )
        found[split] = _records(path, member, max_chains, whole=split == "train")
    return found


def _records(path: Path, member: str, most: int | None, whole: bool) -> Iterator[Chain | Unsolved]:
    """Yield the records of a text file, plain or gzip, or of a member of an archive; ``whole`` checks all of that."""
    # gzip tells a cut by itself, and so does an archive, which says how long each member is.
    shows_cuts = path.name.endswith(ARCHIVES) or is_gzip(path)
    try:
        with _open(path, member, whole) as (content, name):
            yield from islice(read_records(content, name, whole=shows_cuts), most)
    except tarfile.TarError:
        raise ReplisomeError(f"{path}: a damaged or cut-off archive, or none; download it again.") from None


@contextmanager
def _open(path: Path, member: str, whole: bool) -> Iterator[tuple[IO[bytes], str]]:
    """Open the text of one split; the name is for messages."""
    most = path.stat().st_size * (MOST_DEFLATED if is_gzip(path) else 1)
    with open_unpacked(path) as content:
        if not path.name.endswith(ARCHIVES):
            yield content, str(path)
            return
        # Read as a stream: an archive of some gigabytes is not unpacked to disk, nor gone through to list it.
        with tarfile.open(fileobj=content, mode="r|", tarinfo=_Entry) as archive:
            seen = []
            for entry in archive:
                seen.append(entry.name)
                if entry.size > most or entry.issparse():
                    raise ReplisomeError(
                        f"{path}: says that '{entry.name}' has {entry.size:,} bytes, more than the archive can hold, "
                        "or that it has gaps; download it again, or pack plain files."
                    )
                if entry.isfile() and _is_member(entry.name, member):
                    handle = archive.extractfile(entry)
                    assert handle is not None  # it is a file
                    yield handle, f"{path}, {entry.name}"
                    break
            else:
                raise ReplisomeError(
                    f"{path}: holds no '{member}' but {', '.join(seen) or 'nothing'}; choose another 'training', or "
                    "download it again."
                )
        while whole and content.read(1 << 20):  # gzip compares its checksum at the end, and only there
            pass


class _Entry(tarfile.TarInfo):
    """What an archive says of a file, not believed where believing it would cost all memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        entry = super().frombuf(buf, encoding, errors)
        if entry.type in LONG_HEADERS and entry.size > LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {entry.size} bytes")
        return entry


def _is_member(name: str, member: str) -> bool:
    """Say whether a name in an archive is a split's: in the top folder or in one below it, as casp7/validation is."""
    folders = Path(name).parts[:-1]
    return Path(name).name == member and len(folders) <= 1 and "__MACOSX" not in folders


def _counted(records: Iterable[Chain | Unsolved], extra: Counter[str]) -> Iterator[Chain | Unsolved]:
    """Yield records, counting by name the sections that were passed over in them."""
    for record in records:
        extra.update(record.extra)
        yield record


def _usable(
    records: Iterable[Chain | Unsolved], split: str, crop: int, later: set[bytes], drop: bool, about: dict[str, int]
) -> Iterator[Chain]:
    """Yield the chains that can be learned from or tested on, and count all records.

    Args:
        records: a split's records.
        split: its name, for the message.
        crop: how many residues of a chain count.
        later: of all chains of later splits, the letters that models are shown, those up to the crop, as bytes.
        drop: whether a chain that a later split holds is left out; it is counted either way.
        about: what is counted, why chains are left out among it; added to as records go by.

    Raises:
        ReplisomeError: none is left.
    """
    names: set[str] = set()
    for record in records:
        about["records"] += 1
        about["repeated names"] += record.name in names
        names.add(record.name)
        if isinstance(record, Unsolved):
            about["without structure"] += 1
        elif record.known[:crop].sum() < 2:
            about["no two known residues"] += 1
        else:
            leaks = _shown_again(record.letters, crop, later, anywhere=split == "train")
            about["also in a later split"] += leaks
            if leaks and drop:
                continue
            about["residues"] += len(record.letters)
            about["unknown residues"] += int((~record.known).sum())
            about["longer than the crop"] += len(record.letters) > crop
            about["longest"] = max(about["longest"], len(record.letters))
            yield record
    if not about["residues"]:
        why = ", ".join(f"{about[name]} {name}" for name in COUNTED[1:4] if about[name]) or "none"
        raise ReplisomeError(
            f"no chain is left for {split}: of {about['records']} records {why} (residues count up to the crop, "
            f"{crop})."
        )


def _shown_again(letters: np.ndarray, crop: int, later: set[bytes], anywhere: bool) -> bool:
    """Say whether a model may see of this chain just what it sees of a later split's.

    It sees the first ``crop`` residues; of a training chain, ``anywhere``, as many from anywhere if crops are random.
    """
    text = letters.tobytes()
    crops = max(1, len(text) - crop + 1) if anywhere else 1
    return any(text[start : start + crop] in later for start in range(crops))


def _batches(chains: Iterable[Chain], split: str, counts: dict[str, int]) -> Iterator[pa.RecordBatch]:
    """Yield chains in batches of rows, counting them."""
    chains = iter(chains)
    while batch := list(islice(chains, BATCH)):
        counts[split] += len(batch)
        rows: list[tuple[Any, ...]] = [tuple(chain)[: len(SCHEMA)] for chain in batch]
        columns = zip(*rows, strict=True)
        names = pa.array(next(columns), pa.string())
        lists = (_lists(values, field.type) for values, field in zip(columns, list(SCHEMA)[1:], strict=True))
        yield pa.record_batch([names, *lists], schema=SCHEMA)


def _lists(values: Iterable[np.ndarray], kind: pa.ListType) -> pa.ListArray:
    """Return arrays of any lengths as one column of lists, each flat."""
    arrays = [value.reshape(-1) for value in values]
    offsets = np.concatenate([[0], np.cumsum([len(array) for array in arrays])]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(np.concatenate(arrays)), type=kind)


def _control(
    name: str, options: Mapping[str, Any], crop: int
) -> tuple[Mapping[str, Iterable[Chain | Unsolved]], dict[str, Any]]:
    # By name, so that the fingerprint of a recipe on real data does not cover the control; tracking/stage_key.py adds
    # it where it is due.
    module = importlib.import_module("replisome.studies.proteinnet.control")
    drawn = getattr(module, f"draw_{name}")(**options)
    oracle = module.oracle(drawn, crop)
    return drawn.chains, {"metric": "rmse", "expected": oracle.expected, "oracle_on_this_draw": oracle.rmse}
