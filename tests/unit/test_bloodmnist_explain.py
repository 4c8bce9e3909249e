"""Images and their shifted copies, and what claims read of them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from replisome.analysis.results import StudyResults
from replisome.data.parquet import read_parquet, write_parquet
from replisome.errors import ReplisomeError
from replisome.studies.bloodmnist import quantities
from replisome.studies.bloodmnist.explain import SHIFTS, explain, shifted
from replisome.studies.bloodmnist.task import ImageSplit


def test_a_shifted_image_moves_and_repeats_its_edge():
    image = torch.arange(12.0).reshape(1, 1, 3, 4)
    assert shifted(image, 1, 0)[0, 0].tolist() == [[0, 1, 2, 3], [0, 1, 2, 3], [4, 5, 6, 7]]
    assert shifted(image, 0, -2)[0, 0].tolist() == [[2, 3, 3, 3], [6, 7, 7, 7], [10, 11, 11, 11]]
    assert len(set(SHIFTS)) == 12
    assert {abs(down) + abs(right) for down, right in SHIFTS} == {1, 2, 3}


class FirstColumn(nn.Module):
    """Says 1 where the first column of an image is brighter than 0, else 0: a shift to the right keeps that."""

    def forward(self, images):
        bright = images[:, 0, :, 0].mean(dim=1)
        return torch.stack([torch.zeros_like(bright), bright], dim=1)


def test_answers_are_of_the_image_and_of_each_shift(tmp_path):
    images = torch.zeros(3, 6, 6, 1, dtype=torch.uint8)
    images[0, :, 0] = 200  # a bright column at the left edge
    images[1, :, 2] = 200  # one that two pixels to the left bring there
    labels = torch.tensor([1, 1, 0])
    split = ImageSplit(images, labels, torch.tensor([0.0]), torch.tensor([1.0]))
    table, metadata = explain(FirstColumn(), None, split)
    assert metadata["shifts"] == [list(shift) for shift in SHIFTS]
    write_parquet(tmp_path / "explanation.parquet", table, metadata)
    rows = read_parquet(tmp_path / "explanation.parquet")[0].to_pandas()
    assert rows["predicted"].tolist() == [1, 0, 0]
    answers = np.stack(rows["shifted"].tolist())
    for number, (down, right) in enumerate(SHIFTS):
        assert answers[0, number] == (right >= 0), (down, right)
        assert answers[1, number] == (right == -2), (down, right)
    assert not answers[2].any()


@pytest.fixture
def asked():
    run = SimpleNamespace(key="run")
    study = StudyResults(SimpleNamespace(), Path("nowhere"), pd.DataFrame())
    study.__dict__["explained"] = {"run"}
    return study, SimpleNamespace(runs=(run,), trained=True)


def test_what_shifting_costs_is_by_image(asked):
    study, variant = asked
    rows = pd.DataFrame({"label": [1, 0], "predicted": [1, 1], "shifted": [np.repeat([1, 0], 6), np.zeros(12, int)]})
    study.__dict__["explanation"] = lambda run: (rows, {})
    found = quantities.accuracy_lost_by_shifting(study, variant)
    # The first is right as it is and in half of its shifts; the second is wrong as it is and right in all of them.
    assert found.values == pytest.approx([(0.5 - 1) / 2])
    assert found.items == 2


def test_runs_that_nobody_explained_are_a_message_and_diverged_ones_no_number(asked):
    study, variant = asked
    study.__dict__["explanation"] = lambda run: None
    assert np.isnan(quantities.accuracy_lost_by_shifting(study, variant)).all()
    study.__dict__["explained"] = set()
    with pytest.raises(ReplisomeError, match="needs an experiment that says explain: all"):
        quantities.accuracy_lost_by_shifting(study, variant)
