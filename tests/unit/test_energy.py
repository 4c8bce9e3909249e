"""The energy of a card, by a counter that stands in for NVIDIA's."""

from types import SimpleNamespace

import pynvml
import pytest
import torch

from replisome.training.checkpoint import Checkpoint
from replisome.training.energy import Meter


@pytest.fixture
def card(monkeypatch):
    """A card with one counter, in millijoules."""
    counter = iter([5_000, 12_500])
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="abc"))
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", lambda name: {"GPU-abc": 1}[name])
    monkeypatch.setattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption", lambda handle: next(counter))


def test_a_card_tells_what_it_used_meanwhile(card):
    assert Meter(torch.device("cuda", 0)).joules() == 7.5


def test_a_processor_does_not_tell():
    assert Meter(torch.device("cpu")).joules() is None


def test_a_card_without_a_counter_or_a_driver_does_not_tell(card, monkeypatch):
    def refuse(handle):
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    monkeypatch.setattr(pynvml, "nvmlDeviceGetTotalEnergyConsumption", refuse)
    assert Meter(torch.device("cuda", 0)).joules() is None


def test_a_checkpoint_says_whether_it_was_resumed_from(tmp_path):
    checkpoint = Checkpoint(tmp_path / "checkpoint.pt", {"settings": "a"}, 5)
    assert checkpoint.load() is None
    assert not checkpoint.resumed
    checkpoint.save({"step": 1})
    assert checkpoint.load() == {"step": 1}
    assert checkpoint.resumed
