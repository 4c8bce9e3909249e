"""Reading a study: from a folder or one file to its full settings, its presets and its claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replisome.config.claims import check_claims
from replisome.config.extension import extend
from replisome.config.schema import Origins, overlay, read_yaml, validate
from replisome.errors import ReplisomeError, did_you_mean

ABOUT = "study.yaml"
PARTS = ("recipes", "experiments", "claims")  # each may stand in a file of its own, beside study.yaml
FILE_TYPES = (".yaml", ".yml")


@dataclass(frozen=True)
class StudyFiles:
    """What the files of one study say.

    Attributes:
        name: the study's name.
        origin: its folder or file, as messages name it.
        claims_file: the file that holds its claims, likewise.
        folder: where its files lie.
        settings: title, summary, recipes and experiments in full.
        presets: by name, the changes laid over them.
        claims: what the reports claim.
    """

    name: str
    origin: str
    claims_file: str
    folder: Path
    settings: Mapping[str, Any]
    presets: Mapping[str, Mapping[str, Any]]
    claims: Sequence[Mapping[str, Any]]

    def with_preset(self, name: str) -> dict[str, Any]:
        """Return the settings with a preset laid over them.

        Raises:
            ReplisomeError: no such preset, or it makes no whole study.
        """
        if name == "full":
            return overlay(self.settings, {})
        if name not in self.presets:
            near = did_you_mean(name, [*self.presets, "full"])
            raise ReplisomeError(f"{self.origin}: no preset '{name}'{near}")
        origin = f"{self.origin} with preset '{name}'"
        changes = dict(self.presets[name])
        only = changes.pop("only", None)
        settings = overlay(self.settings, changes)
        if only is not None:
            _check_only(only, settings["experiments"], changes.get("experiments", {}), origin)
            settings["experiments"] = {key: block for key, block in settings["experiments"].items() if key in only}
        validate(settings, "study", origin)
        return settings


def folder_names(root: Path) -> list[str]:
    """Return the names of the studies that have a folder in ``config/studies``, which is all that ``all`` means."""
    return sorted(path.name for path in _home(root).iterdir() if path.is_dir() and path.name[0] not in "_.")


def known_names(root: Path) -> list[str]:
    """Return the names of all studies in ``config/studies``, in folders and single files."""
    return sorted({*folder_names(root), *(path.stem for kind in FILE_TYPES for path in _home(root).glob(f"*{kind}"))})


def read_study(entry: str, root: Path, key: str = "config: key 'studies'", below: tuple[Path, ...] = ()) -> StudyFiles:
    """Read a study and, where it extends another, that one.

    Args:
        entry: its name, or the path of its file or folder.
        root: the folder that holds ``config``.
        key: where ``entry`` stands, for messages.
        below: the studies that extend this one, the last of them directly.

    Returns:
        What it says in full, checked against the schema.

    Raises:
        ReplisomeError: names file, key and remedy.
    """
    path = _find(entry, root, key)
    if path in below:
        circle = " <- ".join(displayed(step, root) for step in (*below, path))
        raise ReplisomeError(f"{key}: studies extend each other in a circle: {circle}; one must not say 'extends'.")
    origin = displayed(path, root)
    raw, origins = _read_folder(path, root) if path.is_dir() else _read_file(path, root)
    if isinstance(raw, dict):  # anything else is refused by the schema
        raw.setdefault("name", path.name if path.is_dir() else path.stem)
    validate(raw, "study", origins)
    name, presets, claims = raw.pop("name"), raw.pop("presets", {}), raw.pop("claims", [])
    claims_file = origins.get(("claims",), origin)
    if not isinstance(claims, list):
        raise ReplisomeError(f"{claims_file}: the claims of a study are a list.")
    check_claims(claims, claims_file)
    if "full" in presets:
        raise ReplisomeError(f"{origin}: no preset can be called 'full', which is the study without one.")
    if "extends" in raw:
        other = read_study(raw["extends"], root, f"{origins[()]}: key 'extends'", (*below, path))
        raw, presets = extend(other.settings, other.presets, raw, presets, origins[()])
        raw.setdefault("implementation", other.name)
        validate(raw, "study", f"{origin}, which extends '{other.name}',")
    return StudyFiles(name, origin, claims_file, path if path.is_dir() else path.parent, raw, presets, claims)


def displayed(path: Path, root: Path) -> str:
    """Return a path as messages name it: from the root where it lies below it."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _home(root: Path) -> Path:
    return root / "config" / "studies"


def _find(entry: str, root: Path, key: str) -> Path:
    """Return the folder or file of a study."""
    if entry.endswith(FILE_TYPES) or "/" in entry:
        candidates = [Path(entry)]
    else:
        candidates = [_home(root) / entry, *(_home(root) / f"{entry}{kind}" for kind in FILE_TYPES)]
    found = [path for path in candidates if path.exists()]
    if not found:
        raise ReplisomeError(f"{key}: no study '{entry}'{did_you_mean(entry, known_names(root))}")
    if len(found) > 1:
        raise ReplisomeError(
            f"{key}: study '{entry}' is both {' and '.join(displayed(p, root) for p in found)}; remove one "
            "(a single file is version 0.1's way: move your changes into the folder)."
        )
    return found[0]


def _read_file(path: Path, root: Path) -> tuple[Any, Origins]:
    return read_yaml(path), {(): displayed(path, root)}


def _read_folder(folder: Path, root: Path) -> tuple[Any, Origins]:
    """Return what a study's files say, as one mapping, and by key the file that says it."""
    origins: dict[tuple[str, ...], str] = {(): displayed(folder / ABOUT, root)}
    known = [ABOUT, *(f"{part}.yaml" for part in PARTS)]
    for path in sorted(folder.iterdir()):
        if path.suffix in FILE_TYPES and path.name not in known:
            raise ReplisomeError(f"{displayed(path, root)}: is not a file of a study{did_you_mean(path.name, known)}")
    raw = read_yaml(folder / ABOUT)
    if not isinstance(raw, dict):
        return raw, origins  # which the schema refuses
    for part in PARTS:
        path = folder / f"{part}.yaml"
        if path.is_file():
            if part in raw:
                raise ReplisomeError(f"{origins[()]}: key '{part}' also stands in {displayed(path, root)}; keep one.")
            raw[part] = read_yaml(path)
            origins[(part,)] = displayed(path, root)
        elif part != "claims" and part not in raw and "extends" not in raw:
            raise ReplisomeError(
                f"{displayed(folder, root)}: there is no {path.name}; see docs/reference/configuration.md."
            )
    for path in sorted((folder / "presets").glob("*")):
        given = raw.setdefault("presets", {})
        if path.suffix in FILE_TYPES and isinstance(given, dict):  # anything else is refused by the schema
            if path.stem in given:
                raise ReplisomeError(
                    f"{origins[()]}: preset '{path.stem}' stands in {displayed(path, root)} too; keep one."
                )
            changes = read_yaml(path)
            given[path.stem] = {} if changes is None else changes  # a file of comments changes nothing
            origins[("presets", path.stem)] = displayed(path, root)
    return raw, origins


def _check_only(only: Sequence[str], experiments: Mapping[str, Any], changed: Mapping[str, Any], origin: str) -> None:
    for name in only:
        if name not in experiments:
            raise ReplisomeError(f"{origin}: key 'only': no experiment '{name}'{did_you_mean(name, experiments)}")
    idle = [name for name, change in changed.items() if change is not None and name not in only]
    if idle:
        raise ReplisomeError(
            f"{origin}: key 'experiments.{idle[0]}' changes an experiment that 'only' leaves out; add it to 'only', or "
            "remove the change."
        )
