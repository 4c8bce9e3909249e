"""What a run's training was like, for programs that show such things: TensorBoard and MLflow."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from replisome.api.exporting.finished import name_of, optional, title_of
from replisome.api.runs import Run
from replisome.api.wording import leaves
from replisome.errors import ReplisomeError
from replisome.tracking.verify import verified

ARTIFACTS = ("config.json", "validation.json", "provenance.json", "history.parquet", "best.safetensors")
SPLITS = ("train", "validation", "test", "train_sample")  # how columns of a history begin
LONGEST = 6000  # characters of a parameter that MLflow takes


def settings_of(run: Run) -> dict[str, str | int | float | bool]:
    """Return a run's settings in one level, ``training.lr`` and so on; whatever is no plain value as text."""
    plain = (str, int, float, bool)
    return {name: value if isinstance(value, plain) else str(value) for name, value in leaves(run.config)}


def final_scores(run: Run) -> dict[str, float]:
    """Return the numbers a run ended with.

    Returns:
        ``best/validation_<score>`` of its best round, and of a run that was tested ``test/<score>`` of the weights that
        its config.json names; numbers that are not finite are left out.
    """
    found = {f"best/validation_{name}": value for name, value in run.validation["best"].items()}
    if run.test is not None:
        found |= {f"test/{name}": value for name, value in run.test["scores"].items()}
    numbers = {name: value for name, value in found.items() if isinstance(value, int | float)}
    return {name: float(value) for name, value in numbers.items() if math.isfinite(value)}


def export_tensorboard(run: Run, out: Path) -> list[str]:
    """Write a run's history and settings as TensorBoard's event files, in a folder of its own below ``out``.

    Args:
        run: the run.
        out: TensorBoard's ``--logdir``, which may hold other runs.

    Returns:
        What to say of it, a line each.

    Raises:
        ReplisomeError: TensorBoard is not installed, or the run is there already.
    """
    optional("tensorboard", "tensorboard")
    from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 -- torch's own, which needs the package
    from torch.utils.tensorboard.summary import hparams  # noqa: PLC0415

    folder = out / title_of(run)
    if folder.exists():
        raise ReplisomeError(f"{folder}: is there already; delete it, or give another folder with -o.")
    history, scores = run.history(), final_scores(run)
    with _whole(folder) as place:
        writer = SummaryWriter(str(place))
        for row in history.to_dict("records"):
            for column in history.columns.drop(["epoch", "step"]):
                if math.isfinite(row[column]):
                    writer.add_scalar(_tag(str(column)), row[column], int(row["step"]))
        for summary in hparams(settings_of(run), scores):  # type: ignore[no-untyped-call]
            writer._get_file_writer().add_summary(summary)  # type: ignore[no-untyped-call]
        for name, value in scores.items():
            writer.add_scalar(name, value, int(history["step"].max()))
        writer.close()
    return [f"{folder}: {len(history)} rounds and the settings.", f"Look at it with: tensorboard --logdir {out}"]


def _tag(column: str) -> str:
    """Return a column's name as TensorBoard groups curves: those of one score together."""
    for split in sorted(SPLITS, key=len, reverse=True):
        if column.startswith(f"{split}_"):
            return f"{column.removeprefix(f'{split}_')}/{split}"
    return f"run/{column}"


def export_mlflow(run: Run, out: Path) -> list[str]:
    """Add a run to an MLflow store in a folder: settings, scores by epoch, files.

    Args:
        run: the run.
        out: the store, ``mlflow ui --backend-store-uri``, which may hold other runs.

    Returns:
        What to say of it, a line each.

    Raises:
        ReplisomeError: MLflow is not installed, or the run is in the store already.
    """
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # MLflow 3 refuses folders otherwise
    entities = optional("mlflow.entities", "mlflow-skinny")
    client = optional("mlflow.tracking", "mlflow-skinny").MlflowClient(tracking_uri=out.resolve().as_uri())
    name = str(run.config.get("study", run.config["implementation"]))
    experiment = client.get_experiment_by_name(name)
    number = experiment.experiment_id if experiment else client.create_experiment(name)
    if client.search_runs([number], f"tags.`replisome.run` = '{name_of(run)}'"):
        raise ReplisomeError(
            f"{out}: holds the run {name_of(run)} already; delete it there, or give another folder with -o."
        )
    started, ended = (
        int(datetime.fromisoformat(run.provenance[key]).timestamp() * 1000) for key in ("started", "ended")
    )
    tags = {
        "replisome.run": name_of(run),
        "replisome.code": str(run.provenance["code"]),
        "replisome.version": str(run.provenance["replisome"]),
    }
    made = client.create_run(number, start_time=started, run_name=title_of(run), tags=tags).info.run_id
    try:
        params = [entities.Param(key, str(value)[:LONGEST]) for key, value in settings_of(run).items()]
        history = run.history()
        share = (ended - started) / max(1, len(history))
        metrics = [
            entities.Metric(str(column), float(row[column]), int(started + share * (position + 1)), int(row["step"]))
            for position, row in enumerate(history.to_dict("records"))
            for column in history.columns.drop(["epoch", "step"])
            if math.isfinite(row[column])
        ]
        last = int(history["step"].max())
        metrics += [entities.Metric(name, value, ended, last) for name, value in final_scores(run).items()]
        for start in range(0, max(len(params), len(metrics)), 100):
            client.log_batch(made, metrics[start * 10 : start * 10 + 1000], params[start : start + 100])
        for file in ARTIFACTS:
            if (run.folder / file).is_file():
                client.log_artifact(made, str(verified(run.folder / file)))
        client.set_terminated(made, end_time=ended)
    except BaseException:
        client.delete_run(made)
        raise
    look = f"MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri {out.resolve().as_uri()}"
    return [f"{out}: run {made} of experiment '{name}', {len(history)} rounds.", f"Look at it with: {look}"]


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``folder`` only if the block ends well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield place
        place.chmod(0o755)
        place.rename(folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)
