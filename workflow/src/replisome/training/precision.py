"""Where and in what numbers models are computed: fp32 is fp32, and bf16 is for training alone."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

Precision = Literal["bf16-mixed", "32-true"]
EVALUATION: Precision = "32-true"  # of validation, curves, the test and explanations, whatever a run was trained in


class Arithmetic(NamedTuple):
    """The device that trains a model, and the numbers it computes in."""

    device: torch.device
    precision: Precision

    @classmethod
    def here(cls, precision: Precision) -> Arithmetic:
        """Return that of this machine: its first CUDA GPU where there is one, else its CPU."""
        return cls(torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu"), precision)

    def outputs(self, model: nn.Module, inputs: Tensor) -> Tensor:
        """Return what a model gives, to be trained on. In bf16 its weights, and what it gives, are fp32 still."""
        if self.precision == "32-true":
            return model(inputs)  # type: ignore[no-any-return]
        with torch.autocast(self.device.type, torch.bfloat16):
            outputs: Tensor = model(inputs.bfloat16() if inputs.is_floating_point() else inputs)
        return outputs.float() if outputs.is_floating_point() else outputs


def choose_precision(setting: str) -> Precision:
    """Return what ``auto`` means on this machine: bf16 on a GPU that has it, else fp32."""
    cuda = torch.cuda.is_available()
    return "bf16-mixed" if setting == "auto" and cuda and torch.cuda.is_bf16_supported() else "32-true"


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
