"""Raw files: which are at hand, which are stand-ins, which must be fetched, and whether they can be."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from replisome.api.checkup.finding import Finding
from replisome.config.loader import datasets_of
from replisome.config.plan import Plan
from replisome.data.at_hand import places, why_anew
from replisome.data.new_source import counted
from replisome.data.raw_files import by_hand, find, is_stand_in_path, mismatch, raw_file

TIMEOUT = 5.0  # seconds for an answer of an address


class Needed(NamedTuple):
    """A raw file that a configuration needs.

    Attributes:
        name: of the data set, in the ledger.
        path: where its copy lies, or will.
        entry: of the ledger.
        stand_in: whether it is the stand-in.
    """

    name: str
    path: Path
    entry: Mapping[str, Any]
    stand_in: bool


def needed(plan: Plan, config: Mapping[str, Any]) -> list[Needed]:
    """Return the raw files that the recipes of a plan need, as the workflow works it out."""
    mirror = Path(config["mirror"]) if config["mirror"] else None
    found: dict[str, Needed] = {}

    def place(name: str) -> str:
        return raw_file(name, plan.ledger[name], str(config["resources_dir"]), mirror, plan.stand_ins)

    for study in plan.studies.values():
        for recipe in study.recipes.values():
            dataset = recipe["source"].get("dataset")
            if dataset is None:
                continue
            stand_in = is_stand_in_path(place(dataset))
            for name in datasets_of(recipe, plan.ledger, stand_in):
                path = place(name)
                found[name] = Needed(name, Path(path), plan.ledger[name], is_stand_in_path(path))
    return list(found.values())


def at_hand(files: Sequence[Needed], mirror: Path | None) -> Iterator[Finding]:
    """Say of each raw file where it is, or that it must be fetched."""
    for name, path, entry, stand_in in files:
        what = entry["stand_in"] if stand_in else entry
        note = f" (a stand-in: {what['note']})" if stand_in else ""
        about = f"data set {name}"
        if path.is_file() and (why := why_anew(path, entry, stand_in, mirror)) is None:
            yield Finding(about, "ok", f"{path}: there{_how(what)}{note}")
            continue
        given = next((f for folder in places(path, entry, mirror) if (f := find(folder, entry, stand_in))), None)
        if given and (wrong := mismatch(given, what["checksum"])):
            text = f"{given}: found {wrong}, the ledger has {what['checksum']}"
            yield Finding(about, "wrong", text, "replace the file, or delete it")
        elif given:
            yield Finding(about, "ok", f"{given}: will be copied{_how(what)}{note}")
        elif entry["addresses"] and not stand_in:
            anew = f" ({why})" if path.is_file() and why else ""
            yield Finding(about, "ok", f"must be fetched from {entry['addresses'][0]}{anew}")
        else:
            remedy = (
                f"{entry.get('place', 'get it')} and put it at {by_hand(path)}, or name a mirror (--config mirror=...)"
            )
            yield Finding(about, "wrong", f"{path.name} is nowhere, and has no address", remedy)


def _how(what: Mapping[str, Any]) -> str:
    return ", with the checksum of the ledger" if what["checksum"] else ", of which no checksum is known"


def to_fetch(files: Sequence[Needed], mirror: Path | None) -> list[Needed]:
    """Return the files that can only be had from their addresses."""
    return [
        one
        for one in files
        if not (one.path.is_file() and why_anew(one.path, one.entry, one.stand_in, mirror) is None)
        and not any(find(folder, one.entry, one.stand_in) for folder in places(one.path, one.entry, mirror))
        and one.entry["addresses"]
    ]


def reachable(files: Sequence[Needed], timeout: float = TIMEOUT) -> Iterator[Finding]:
    """Ask the addresses of files that must be fetched, all at once, whether they answer.

    Args:
        files: that must be fetched; where there are none, nothing is asked.
        timeout: seconds for an answer.
    """
    if not files:
        yield Finding("network", "ok", "not needed: no raw file has to be fetched")
        return
    addresses = {address: one for one in files for address in one.entry["addresses"]}
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = dict(zip(addresses, pool.map(lambda address: _answer(address, timeout), addresses), strict=True))
    failed = {address: answer for address, answer in answers.items() if answer is not None}
    lost = sorted({one.name for address, one in addresses.items() if all(a in failed for a in one.entry["addresses"])})
    if len(failed) == len(addresses) and all(answer == CLOSED for answer in failed.values()):
        hosts = ", ".join(sorted({urlsplit(address).hostname or address for address in addresses}))
        yield Finding(
            "network", "warning", f"closed: none of {hosts} answers, and {counted(len(files), 'file')} must be fetched",
            f"name a folder that holds them (--config mirror=FOLDER), or put them into {by_hand(files[0].path).parent}",
        )  # fmt: skip
        return
    for name in lost:
        entry = next(one for one in files if one.name == name)
        why = "; ".join(f"{address}: {failed[address]}" for address in entry.entry["addresses"])
        yield Finding(
            "network", "warning", f"{name} cannot be fetched now ({why})", f"put the file at {by_hand(entry.path)}"
        )
    if len(lost) < len(files):
        yield Finding("network", "ok", f"{counted(len(files) - len(lost), 'file')} can be fetched")


CLOSED = "no connection"


def _answer(address: str, timeout: float) -> str | None:
    """Return what is wrong with an address, or None where it answers."""
    import requests  # noqa: PLC0415 -- slow, and a machine with all files needs it not

    try:
        answer = requests.head(address, timeout=timeout, allow_redirects=True)
    except requests.exceptions.InvalidSchema:
        return None  # ftp:// and the like, which this cannot ask
    except requests.RequestException:
        return CLOSED
    # A few servers know no HEAD; that they answer is enough.
    return (
        None if answer.status_code < 400 or answer.status_code in (403, 405, 501) else f"answers {answer.status_code}"
    )
