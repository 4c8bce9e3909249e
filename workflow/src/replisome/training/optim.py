"""Optimisers and learning-rate schedules by name."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR


@dataclass(frozen=True)
class TrainingSettings:
    """The training keys of a run.

    ``warmup`` is the share of all steps in which the rate rises. ``micro_batch`` is how many items of a batch are in
    memory at once; the step is that of the whole batch, but for layers that look at other items, as batch norm does.
    ``epsilon`` is of Adam and AdamW. ``graphs`` is how a GPU is told what to do, and changes no number.
    """

    optimiser: Literal["adam", "adamw", "sgd"] = "adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    momentum: float = 0.0
    epsilon: float = 1e-8
    batch_size: int = 64
    micro_batch: int | None = None
    schedule: Literal["none", "cosine", "one_cycle"] = "none"
    warmup: float = 0.0
    clip_norm: float | None = None
    patience: int | None = None
    augment: str = "none"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    graphs: bool = False


def _eager(kind: type[Optimizer]) -> type[Optimizer]:
    """Return an optimiser without its ties to ``torch.compile``, whose import takes a process seven seconds.

    torch wraps these methods to tell its compiler to leave them alone. Nothing here is compiled, and what they wrap is
    the whole method. Where a version of torch does not wrap them, they are as they were.
    """
    names = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
    plain = {name: inspect.unwrap(getattr(kind, name)) for name in names}
    return type(kind.__name__, (kind,), {**plain, "step": torch.no_grad()(inspect.unwrap(kind.step))})


KINDS = {"sgd": _eager(SGD), "adam": _eager(Adam), "adamw": _eager(AdamW)}


def make_optimiser(parameters: Iterable[nn.Parameter], settings: TrainingSettings) -> Optimizer:
    """Return the optimiser, with weights updated in one fused pass.

    On a CPU thread that takes a tenth of the default's time for the 25.7 million parameters of the unpooled CNN.
    """
    own = {"momentum": settings.momentum} if settings.optimiser == "sgd" else {"eps": settings.epsilon}
    given: dict[str, Any] = {"lr": settings.lr, "weight_decay": settings.weight_decay, "fused": True, **own}
    return KINDS[settings.optimiser](parameters, **given)


def make_schedule(optimiser: Optimizer, settings: TrainingSettings, steps: int) -> LRScheduler:
    """Return the schedule over ``steps`` optimiser steps, to be advanced once a step.

    ``none``: constant after the warm-up; ``cosine``: half a cosine down to zero after it (Loshchilov & Hutter 2017);
    ``one_cycle``: torch's OneCycleLR with cosine arms, its rise taking ``warmup`` of the steps (0.3 if that is 0).
    """
    if settings.schedule == "one_cycle":
        total = steps + 1
        rising = max(settings.warmup or 0.3, 1.5 / total)  # OneCycleLR divides by the steps of the rise less one
        return OneCycleLR(optimiser, max_lr=settings.lr, total_steps=total, pct_start=rising, cycle_momentum=False)
    rise = round(settings.warmup * steps)

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        if settings.schedule == "cosine":
            return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))
        return 1.0

    return LambdaLR(optimiser, factor)
