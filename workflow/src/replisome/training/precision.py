"""Where and in what numbers models are computed: fp32 is fp32, and bf16 is for training alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from replisome.errors import ReplisomeError
from replisome.tracking.record import processor
from replisome.tracking.verify import read_verified
from replisome.training.gpu_share import VISIBLE, visible

Precision = Literal["bf16-mixed", "32-true"]
EVALUATION: Precision = "32-true"  # of validation, curves, the test and explanations, whatever a run was trained in
NAMES: dict[str, Precision] = {"fp32": "32-true", "bf16": "bf16-mixed"}  # as settings call them
# What the probe asks about, and which layers are of that kind; what a bf16 step gains differs between them.
LAYERS: dict[str, tuple[type[nn.Module], ...]] = {
    "convolution": (nn.Conv1d, nn.Conv2d),
    "recurrence": (nn.RNNBase,),
    "attention": (nn.MultiheadAttention,),
}
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})  # Linux's, of x86 and of ARM


class Arithmetic(NamedTuple):
    """The device that trains a model, and the numbers it computes in."""

    device: torch.device
    precision: Precision

    @classmethod
    def here(cls, precision: Precision) -> Arithmetic:
        """Return that of this machine: its first CUDA GPU where there is one, else its CPU."""
        return cls(first_device(), precision)

    def outputs(self, model: nn.Module, inputs: Tensor) -> Tensor:
        """Return what a model gives, to be trained on. In bf16 its weights, and what it gives, are fp32 still."""
        if self.precision == "32-true":
            return model(inputs)  # type: ignore[no-any-return]
        with torch.autocast(self.device.type, torch.bfloat16):
            outputs: Tensor = model(inputs.bfloat16() if inputs.is_floating_point() else inputs)
        return outputs.float() if outputs.is_floating_point() else outputs


def choose_precision(setting: str, answer: Path | None = None, model: nn.Module | None = None) -> Precision:
    """Return what a run's setting means.

    Args:
        setting: ``fp32``, ``bf16``, or ``auto``.
        answer: what the probe of this results folder has found (stage ``probe``), which decides ``auto``. Where there
            is none, ``auto`` is fp32, on any device: nothing but a recorded answer may choose otherwise.
        model: that is trained: ``auto`` is bf16 where that was clearly faster for each kind of layer it has.

    Raises:
        ReplisomeError: the file is damaged, or holds no precisions.
    """
    if setting != "auto":
        return NAMES[setting]
    if answer is None or model is None:
        return EVALUATION
    found = read_verified(answer)
    if not isinstance(found, dict) or found.keys() != LAYERS.keys() or not NAMES.keys() >= set(found.values()):
        raise ReplisomeError(f"{answer}: is no answer of the probe; delete it, and the same command asks again.")
    return NAMES["bf16" if all(found[kind] == "bf16" for kind in kinds_of(model)) else "fp32"]


def kinds_of(model: nn.Module) -> set[str]:
    """Return which kinds of layers a network has, as the probe calls them; all of them where it has none of these."""
    layers = list(model.modules())
    found = {kind for kind, types in LAYERS.items() if any(isinstance(layer, types) for layer in layers)}
    return found or set(LAYERS)


def has_bf16(device: torch.device) -> bool:
    """Say whether a device computes in bf16 by itself; where it is emulated it is slower than fp32.

    Of a CPU, Linux tells; elsewhere nothing is known, which counts as no.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    try:
        words = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return not BF16_FLAGS.isdisjoint(words)


def require_able(arithmetic: Arithmetic, answer: Path | None = None) -> None:
    """Refuse to train in bf16 on a device that has to emulate it.

    Args:
        arithmetic: what is to be computed in, and where.
        answer: the file that chose the precision, where one did.

    Raises:
        ReplisomeError: the device lacks bf16; says what to do.
    """
    device, precision = arithmetic
    if precision != "bf16-mixed" or has_bf16(device):
        return
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    chosen = "by its settings" if answer is None else f"by {answer}, as this results folder's other runs"
    again = "" if answer is None else f", or delete {answer}: it is then asked again, and all such runs train anew"
    raise ReplisomeError(
        f"this run trains in bf16 ({chosen}), which this machine's {name} lacks. Run it where bf16 is in hardware (a "
        f"partition or a feature of the cluster), give the results a folder of their own with --config precision=fp32"
        f"{again}."
    )


def first_device() -> torch.device:
    """Return this machine's first CUDA GPU where there is one, else its CPU."""
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def job_device() -> torch.device:
    """Return where a job computes: the first GPU that it sees, else the CPU.

    Raises:
        ReplisomeError: it was given a GPU, by CUDA_VISIBLE_DEVICES (which SLURM sets, a user, or
            :func:`.gpu_share.own_gpu`), that a torch built for CUDA cannot use. A build for CPUs was somebody's choice.
    """
    device, names = first_device(), os.environ.get(VISIBLE)
    if device.type == "cpu" and torch.version.cuda is not None and names is not None and visible(names, ()):
        raise ReplisomeError(
            f"this job has a GPU ({VISIBLE}={names}), but torch {torch.__version__}, built for CUDA "
            f"{torch.version.cuda}, sees none: the driver is too old for it, or broken (nvidia-smi says more). A "
            f"newer one helps; or leave this node out, or have {VISIBLE} name none, to use the CPU."
        )
    return device


def forbid_tf32() -> None:
    """Let no fp32 product or convolution be rounded to TF32, which has the ten bits of a half-precision number.

    By default torch convolves in TF32 on a GPU, also where fp32 was asked for.
    """
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def tf32_allowed() -> bool:
    """Say whether this process may use TF32, for the record."""
    return bool(torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32)
