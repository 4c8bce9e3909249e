"""What numbers are computed in: fp32 is fp32, and bf16 is for training alone."""

from __future__ import annotations

from typing import Literal

import torch

EVALUATION = "32-true"  # of validation, curves, the test and explanations, whatever a run was trained in


def choose_precision(setting: str) -> Literal["bf16-mixed", "32-true"]:
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
