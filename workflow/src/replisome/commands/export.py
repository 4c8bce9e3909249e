"""``replisome export``: a finished run, written for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

import click

from replisome.errors import ReplisomeError

NETWORKS = {"onnx": "export_onnx", "torchscript": "export_torchscript", "pt2": "export_program"}
HISTORIES = {"tensorboard": "export_tensorboard", "mlflow": "export_mlflow"}


@click.command("export", short_help="write a run for other programs")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "form", required=True, type=click.Choice([*NETWORKS, *HISTORIES]), help="What is written.")
@click.option(
    "-o", "--out", "out", required=True, type=click.Path(path_type=Path), metavar="OUT",
    help="The file; with tensorboard and mlflow the folder, which may hold other runs.",
)  # fmt: skip
@click.option(
    "--weights", type=click.Choice(["best", "last"]), default="best", show_default=True,
    help="Of a network: those that were best on validation, or the last.",
)  # fmt: skip
def export(runs: tuple[Path, ...], form: str, out: Path, weights: str) -> None:
    """Write finished runs for other programs.

    onnx, torchscript and pt2 (torch.export) write the network, checked against the original, and beside it a JSON file
    that says what goes in (shape, type, scaling, alphabet) and what comes out. tensorboard and mlflow write settings,
    scores by epoch and files, and take several RUNs. A RUN is a folder such as
    results/demo/STUDY/RECIPE/runs/MODEL/SLUG/seed=0.
    """
    from replisome.api.exporting import finished  # noqa: PLC0415 -- torch, only when it is called

    if form in HISTORIES:
        from replisome.api.exporting import histories  # noqa: PLC0415

        for path in runs:
            click.echo("\n".join(getattr(histories, HISTORIES[form])(finished.open_finished(path), out)))
        return
    if len(runs) > 1:
        raise click.UsageError(f"--to {form} writes one network a file: give one RUN, not {len(runs)}.")
    if out.is_dir():
        raise ReplisomeError(f"{out}: is a folder; name a file in it, such as {out / 'network'}.{form}")
    if out.suffix == ".json":
        raise ReplisomeError(
            f"{out}: the file of that name is the one that describes the network; end it with .{form}."
        )
    from replisome.api.exporting import networks  # noqa: PLC0415

    kind = cast(Literal["best", "last"], weights)
    opened = finished.open_network(finished.open_finished(runs[0]), kind)
    click.echo("\n".join(getattr(networks, NETWORKS[form])(opened, out)))
