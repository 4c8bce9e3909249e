"""The networks that users begin from: each runs on its study's kind of data, and learns from all of its weights."""

import importlib

import pytest
import torch

from replisome.config.catalogue import STUDIES, study_names
from replisome.models import DataSpec

# By study: its data, a batch of two, and the shape of what the model gives.
DATA = {
    "_template": (DataSpec((5,), 3), torch.rand(2, 5), (2, 3)),
    "bloodmnist": (DataSpec((3, 9, 9), 4), torch.rand(2, 3, 9, 9), (2, 4)),
    "rnacompete": (DataSpec((41, 4), 2), torch.eye(4)[torch.randint(4, (2, 41))], (2, 2)),
    "genome": (DataSpec((12,), 4, tokens=4), torch.randint(4, (2, 12)), (2, 12, 4)),
    "proteinnet": (DataSpec((2, 16, 21), 16), torch.rand(2, 2, 16, 21), (2, 16, 3)),
}


@pytest.mark.parametrize("study", DATA)
def test_a_model_to_begin_from_runs_on_the_data_of_its_study(study):
    data, inputs, shape = DATA[study]
    model = importlib.import_module(f"replisome.studies.{study}.example_model").build(data)
    outputs = model(inputs)
    assert outputs.shape == shape
    outputs.square().sum().backward()
    assert all(weights.grad is not None for weights in model.parameters())


def test_no_position_of_the_network_of_tokens_sees_a_later_one():
    data, inputs, _ = DATA["genome"]
    model = importlib.import_module("replisome.studies.genome.example_model").build(data)
    changed = inputs.clone()
    changed[:, 7:] = 3 - changed[:, 7:]
    assert torch.equal(model(inputs)[:, :7], model(changed)[:, :7])


def test_every_study_has_a_model_to_begin_from():
    assert {name for name in study_names() if (STUDIES / name / "example_model.py").is_file()} == set(study_names())
