"""A network as a file that needs no replisome: ONNX, TorchScript, or torch's exported program.

Whatever is written was run first, on batches of one, two and five items, and gave what the network itself gives.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from replisome.api.exporting.finished import Opened, describe, optional, plain_attention
from replisome.errors import ReplisomeError
from replisome.io import atomic, write_json

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TOLERANCE = 1e-5  # of a difference, in parts of the largest output
LARGEST_BATCH = 65_536
FIXED = "takes one item at a time: TorchScript's tracer cannot follow what this network does with the size of a batch"


def export_onnx(opened: Opened, out: Path) -> list[str]:
    """Write a network as ONNX, with ``<stem>.json`` beside it.

    Args:
        opened: the network.
        out: the file.

    Returns:
        What to say of it, a line each.

    Raises:
        ReplisomeError: a package is missing, or the network cannot be written as ONNX.
    """
    reference = optional("onnx.reference", "onnx")
    optional("onnxscript", "onnxscript")

    with _quiet(), plain_attention():
        program = _exported(opened)
        try:
            written = torch.onnx.export(
                program, dynamo=True, input_names=["input"], output_names=["output"], verbose=False
            )
        except Exception as error:
            raise _refused(opened, "ONNX", error) from None
        assert written is not None
        model = written.model_proto
        evaluator = reference.ReferenceEvaluator(model)
        largest = _check(
            opened, "ONNX", lambda inputs: torch.from_numpy(evaluator.run(None, {"input": inputs.numpy()})[0])
        )
    _write(out, model.SerializeToString(), opened, {"format": "ONNX", "opset": model.opset_import[0].version})
    return [_done("ONNX", out), _checked("ONNX's reference evaluator", largest)]


def export_torchscript(opened: Opened, out: Path) -> list[str]:
    """Write a network as TorchScript, with ``<stem>.json`` beside it.

    torch calls TorchScript deprecated; ``pt2`` is what takes its place. Where the tracer fixes the size of a batch, the
    file takes one item at a time, and says so.

    Args:
        opened: the network.
        out: the file.

    Returns:
        What to say of it, a line each.

    Raises:
        ReplisomeError: the network cannot be traced.
    """
    with _quiet(), plain_attention():
        fixed = False
        try:
            traced = _traced(opened.network, opened.example)
            largest = _check(opened, "TorchScript", traced)
        except (RuntimeError, ReplisomeError):
            fixed = True
            try:
                traced = _traced(opened.network, opened.example[:1])
                largest = _check(opened, "TorchScript", traced, sizes=(1,))
            except RuntimeError as error:
                raise _refused(opened, "TorchScript", error) from None
        buffer = io.BytesIO()
        torch.jit.save(traced, buffer)
    lines = [_done("TorchScript (torch.jit.load)", out), _checked("torch", largest)]
    about: dict[str, Any] = {"format": "TorchScript", "batch": 1 if fixed else "any", "note": FIXED if fixed else None}
    _write(out, buffer.getvalue(), opened, about)
    return [*lines, *([f"It {FIXED}; --to pt2 and --to onnx take any number."] if fixed else [])]


def export_program(opened: Opened, out: Path) -> list[str]:
    """Write a network as an exported program of torch (``torch.export.load``), with ``<stem>.json`` beside it.

    Args:
        opened: the network.
        out: the file, which must end with .pt2.

    Returns:
        What to say of it, a line each.

    Raises:
        ReplisomeError: the file has another ending, or the network cannot be exported.
    """
    if out.suffix != ".pt2":
        raise ReplisomeError(
            f"{out}: torch.export.load reads files that end with .pt2; call it {out.with_suffix('.pt2')}."
        )
    with _quiet(), plain_attention():
        program = _exported(opened)
        largest = _check(opened, "an exported program", program.module())
        buffer = io.BytesIO()
        torch.export.save(program, buffer)
    _write(out, buffer.getvalue(), opened, {"format": "torch.export", "batch": "any"})
    return [_done("an exported program (torch.export.load)", out), _checked("torch", largest)]


def _exported(opened: Opened) -> torch.export.ExportedProgram:
    """Return a network as a program in which the size of a batch is open."""
    size = torch.export.Dim("batch", min=1, max=LARGEST_BATCH)
    try:
        # Strict: read as Python code, in which len() of a batch stays open; by tracing it would be a number.
        return torch.export.export(opened.network, (opened.example,), dynamic_shapes=({0: size},), strict=True)
    except Exception as error:
        raise _refused(opened, "an exported program", error) from None


def _traced(network: nn.Module, example: Tensor) -> torch.jit.ScriptModule:
    with torch.no_grad():
        found: torch.jit.ScriptModule = torch.jit.trace(network, (example,), check_trace=False)  # type: ignore[no-untyped-call]
    return found


def _check(opened: Opened, what: str, written: Callable[[Tensor], Tensor], sizes: tuple[int, ...] = (1, 2, 5)) -> float:
    """Return the largest difference between a written network and the one it was made from, relative to the outputs.

    Raises:
        ReplisomeError: they differ by more than the tolerance.
    """
    largest = 0.0
    for size in sizes:
        inputs = opened.example[:size]
        with torch.no_grad():
            expected, found = opened.network(inputs), written(inputs)
        if found.shape != expected.shape:
            raise ReplisomeError(
                f"{opened.run.folder}: as {what} the network gives {tuple(found.shape)} for {size} items, not "
                f"{tuple(expected.shape)}; nothing was written."
            )
        scale = max(1.0, float(expected.abs().max()))
        largest = max(largest, float((found - expected).abs().max()) / scale)
    if not largest <= TOLERANCE:
        raise ReplisomeError(
            f"{opened.run.folder}: as {what} the network gives other numbers (by {largest:.1e} of the largest output); "
            "nothing was written."
        )
    return largest


def _refused(opened: Opened, what: str, error: Exception) -> ReplisomeError:
    cause: BaseException = error
    while cause.__cause__ is not None:  # exporters wrap what they met in what they were about
        cause = cause.__cause__
    text = COLOURS.sub("", str(cause))
    first = next((line.strip() for line in text.splitlines() if line.strip()), type(cause).__name__)
    model = opened.run.config["model"]
    return ReplisomeError(
        f"{opened.run.folder}: model '{model}' cannot be written as {what} by torch {torch.__version__} "
        f"({type(cause).__name__}: {first[:200]}); nothing was written. Try another format (--to), or read it in "
        "Python: replisome.load_model(RUN)."
    )


def _write(out: Path, content: bytes, opened: Opened, about: dict[str, Any]) -> None:
    described = {**describe(opened), "exported": {**about, "file": out.name, "tolerance": TOLERANCE}}
    with atomic(out) as handle:
        handle.write(content)
    write_json(out.with_suffix(".json"), described)


def _done(what: str, out: Path) -> str:
    return f"{out}: {what}; {out.with_suffix('.json').name} beside it says what goes in and comes out."


def _checked(where: str, largest: float) -> str:
    return f"Run by {where} on 1, 2 and 5 items, it differs by at most {largest:.0e} of the largest output."


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to oneself what torch's exporters say of packages that are not there and of what is deprecated."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
