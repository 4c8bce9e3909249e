"""What a GPU's own counter says it has used while a run trained."""

from __future__ import annotations

import pynvml
import torch


class Meter:
    """Started when made.

    Processors have a counter too (RAPL), but Linux lets only the administrator read it (CVE-2020-8694): it is not used.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.began = counted(device)

    def joules(self) -> float | None:
        """Return the energy of the whole card since the start, whoever else used it; None where no card tells."""
        now = counted(self.device)
        return None if now is None or self.began is None else (now - self.began) / 1000


def counted(device: torch.device) -> int | None:
    """Return the millijoules that the card counts since its driver was loaded, or None where none does.

    Cards have counted since NVIDIA's Volta (nvmlDeviceGetTotalEnergyConsumption).
    """
    if device.type != "cuda":
        return None
    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
        return int(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle))
    except pynvml.NVMLError:
        return None
