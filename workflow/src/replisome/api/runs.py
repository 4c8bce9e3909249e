"""One training run, as it lies in its folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replisome import __version__
from replisome.api.run_paths import CONFIG, folder_at, no_run, root_of
from replisome.config.budget import Budget
from replisome.errors import ReplisomeError
from replisome.tracking.stage_key import RECORD, is_accepted
from replisome.tracking.verify import read_record, read_verified

if TYPE_CHECKING:
    import pandas as pd

NEEDED = ("study", "implementation", "recipe", "model", "hyperparameters", "training", "budget", "select", "seed")
PLACE = re.compile(r".*/(?P<slug>[^/]+)/seed=[0-9]+")  # of a run within results


@dataclass(frozen=True)
class Run:
    """One training run: its settings, what it scored, and what it left in its folder.

    Attributes:
        folder: the run's folder, which holds config.json.
        root: the results folder that it belongs to; None of a run that was repeated elsewhere.
        experiments: names of the experiments that it is part of, as far as the results say.
    """

    folder: Path
    root: Path | None = None
    experiments: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def at(cls, path: str | Path) -> Run:
        """Open the run in a folder, or the one that a file such as ``best.safetensors`` is of.

        Raises:
            ReplisomeError: neither the folder nor one above it, up to the results folder, holds a run.
        """
        folder = folder_at(Path(path))
        if folder is None:
            raise no_run(Path(path))
        found = cls(folder, root_of(folder))
        found.config  # noqa: B018 -- says what is wrong with it now
        return found

    def __fspath__(self) -> str:
        """Return the folder, so that a run can stand where a path is asked for."""
        return str(self.folder)

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """All settings of the run: the content of config.json, which is its identity.

        Raises:
            ReplisomeError: the file is missing, no JSON, or not of a run.
        """
        found = read_verified(self.folder / CONFIG)
        missing = [key for key in NEEDED if key not in found] if isinstance(found, dict) else list(NEEDED)
        if missing:
            raise ReplisomeError(f"{self.folder / CONFIG}: is not a run's: it has no key '{missing[0]}'.")
        settings: Mapping[str, Any] = found
        return settings

    @property
    def study(self) -> str:
        """The study's name."""
        return str(self.config["study"])

    @property
    def recipe(self) -> str:
        """The name of the recipe that prepared its data."""
        return str(self.config["recipe"]["name"])

    @property
    def protocol(self) -> str:
        """``reported`` (as the report did it, flaws included) or ``sound`` (leak-free)."""
        return str(self.config["recipe"]["protocol"])

    @property
    def model(self) -> str:
        """The model's name."""
        return str(self.config["model"])

    @property
    def slug(self) -> str:
        """What varies in its grid, ``k=v+k=v``, as its path has it; empty of a run outside a results folder."""
        found = PLACE.fullmatch(self.folder.absolute().as_posix()) if self.root else None
        return found["slug"] if found else ""

    @property
    def seed(self) -> int:
        """The seed."""
        return int(self.config["seed"])

    @property
    def name(self) -> str:
        """Its folder below the results folder, or the folder itself where it lies elsewhere."""
        return self.folder.relative_to(self.root).as_posix() if self.root else str(self.folder)

    @property
    def settings(self) -> dict[str, Any]:
        """Hyperparameters and training settings in one mapping, such as ``{"hidden": 64, "lr": 0.01}``."""
        return {**self.config["training"], **self.config["hyperparameters"]}

    @property
    def budget(self) -> str:
        """How long it was to train: ``3 epochs``, ``400 steps``."""
        return str(Budget.of(self.config["budget"]))

    @property
    def weights(self) -> str:
        """The weights that its selection goes by: ``best`` (on validation) or ``last``."""
        return str(self.config.get("weights", "best"))

    @property
    def data(self) -> Path:
        """The folder of its prepared data; of a run outside a results folder, the data need not be there."""
        return self.folder.parents[3]

    @property
    def finished(self) -> bool:
        """Whether training has ended and left its record."""
        return (self.folder / RECORD).exists() and (self.folder / "validation.json").exists()

    @cached_property
    def provenance(self) -> Mapping[str, Any]:
        """What made it, from provenance.json: versions, device, seconds, bytes of memory, joules, hashes of files.

        Raises:
            ReplisomeError: the run is not finished, or the record was edited.
        """
        self._require_finished()
        return read_record(self.folder / RECORD)

    @cached_property
    def validation(self) -> Mapping[str, Any]:
        """What validation.json holds: scores of the ``best`` and ``last`` weights, their epochs, and ``stopped``.

        Raises:
            ReplisomeError: the run is not finished, or the file is not what was written.
        """
        self._require_finished()
        found: Mapping[str, Any] = read_verified(self.folder / "validation.json")
        return found

    @cached_property
    def test(self) -> Mapping[str, Any] | None:
        """What test/metrics.json holds, or None where the test split was not scored with the weights that lie there.

        Only runs that a selection or a claim names are scored on test.
        """
        path = self.folder / "test" / "metrics.json"
        if not (path.exists() and (path.parent / RECORD).exists()) or self._tested_before:
            return None
        found: Mapping[str, Any] = read_verified(path)
        return found

    @cached_property
    def _tested_before(self) -> bool:
        """Whether test scores lie there that are of earlier weights than those beside them."""
        inputs, outputs = read_record(self.folder / "test" / RECORD)["inputs"], self.provenance["outputs"]
        read = {name.rpartition("/")[2]: found for name, found in inputs.items() if name.endswith(".safetensors")}
        return any(outputs.get(name, found) != found for name, found in read.items())

    @property
    def tested_weights(self) -> tuple[str, ...]:
        """The weights that the test split was scored with, those of the selection first; empty where it was not."""
        with self.read():
            return () if self.test is None else (self.test["weights"], *self.test["also"])

    @property
    def scores(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """Scores by split ("validation", "test"), weights ("best", "last") and name, as the task gives them.

        Shares are from 0 to 1, losses in the task's unit; ``replisome.config.study.Score`` has each score's unit for
        people. None stands for what is not a number. "test" is missing where the test split was not scored.
        """
        with self.read():
            found = {"validation": {kind: dict(self.validation[kind]) for kind in ("best", "last")}}
            if self.test is not None:
                own = {self.test["weights"]: self.test["scores"], **self.test["also"]}
                found["test"] = {kind: dict(scores) for kind, scores in own.items()}
            return found

    @property
    def stopped(self) -> str | None:
        """Why it ended before its budget, or gave no test scores, such as ``diverged in epoch 2``; None if it did not.

        Raises:
            ReplisomeError: the run is not finished.
        """
        with self.read():
            lost = self.test["diverged"][self.test["weights"]] if self.test else None
            found: str | None = lost or self.validation["stopped"]
            return found

    @property
    def diverged(self) -> bool:
        """Whether its loss, weights or outputs ceased to be finite numbers."""
        return (self.stopped or "").startswith("diverged")

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know of its numbers: why it stopped, whether it was accepted, who made it."""
        if not self.finished:
            return ("not finished",)
        found = [self.stopped] if self.stopped else []
        if is_accepted(self.folder):
            found.append("accepted though code or data have changed since")
        with self.read():
            if (self.folder / "test" / RECORD).exists() and self._tested_before:
                found.append("its test scores are of earlier weights and left out")
        if self.provenance.get("replisome") != __version__:
            found.append(f"made by replisome {self.provenance.get('replisome', 'of an unknown version')}")
        return tuple(found)

    def history(self) -> pd.DataFrame:
        """Return a row a round (an epoch, or so many steps): what training and validation scored.

        Returns:
            Columns ``epoch`` (from 1), ``step`` (optimiser steps so far), ``train_loss`` and other scores called
            ``<split>_<score>``, ``learning_rate``, and ``seconds_training`` and ``seconds_evaluation`` of the round.

        Raises:
            ReplisomeError: the run is not finished, or its file is damaged.
        """
        from replisome.data.parquet import read_parquet  # noqa: PLC0415 -- pyarrow is slow to import

        self._require_finished()
        table: pd.DataFrame = read_parquet(self.folder / "history.parquet")[0].to_pandas()
        return table

    def predictions(self, split: str = "test", weights: str | None = None) -> pd.DataFrame:
        """Return what the run predicted of each item of a split.

        Args:
            split: "test" or "validation".
            weights: "best" or "last"; by default those that the selection goes by.

        Returns:
            A row an item, in the split's order: ``item`` (from 0), and the study's own columns, such as ``label`` and
            ``predicted``; no row where the run diverged.

        Raises:
            ReplisomeError: the test split was not scored, or not with these weights, or there is no such split.
        """
        from replisome.analysis.results import rows_predicted  # noqa: PLC0415 -- pandas is slow to import
        from replisome.data.splits import HELD_OUT  # noqa: PLC0415

        if split not in HELD_OUT:
            raise ReplisomeError(f"split '{split}': predictions are kept of {' and '.join(HELD_OUT)}.")
        if not self.tested_weights:
            raise ReplisomeError(
                f"{self.folder}: has no predictions; the workflow keeps those of runs that a selection or claim names."
            )
        weights = weights or self.tested_weights[0]
        if weights not in self.tested_weights:
            raise ReplisomeError(
                f"{self.folder}: was tested with {' and '.join(self.tested_weights)}, not '{weights}'."
            )
        with self.read():
            rows = rows_predicted(self.folder / "test" / "predictions.parquet", weights, split)
        if rows is None:
            import pandas as pd  # noqa: PLC0415

            return pd.DataFrame({"item": pd.Series(dtype="int64")})
        return rows

    @contextmanager
    def read(self) -> Iterator[None]:
        """Turn what is missing in a file of another version into one message."""
        try:
            yield
        except (KeyError, TypeError, AttributeError) as error:
            version = read_record(self.folder / RECORD).get("replisome", "an unknown version")
            raise ReplisomeError(
                f"{self.folder}: was written by replisome {version} in another form than this one reads "
                f"({__version__}; {type(error).__name__}: {error}). Open it with that version, or run the workflow "
                "again, which makes it anew."
            ) from None

    def _require_finished(self) -> None:
        if not self.finished:
            raise ReplisomeError(
                f"{self.folder}: the run is not finished; 'replisome watch' shows how far it is, and the same "
                "snakemake command goes on with it."
            )

    def __repr__(self) -> str:
        return f"Run({self.name!r})"
