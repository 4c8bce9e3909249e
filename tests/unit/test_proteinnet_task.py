"""What a model is trained on and judged by: crops of prepared chains, distances, units, both losses."""

import numpy as np
import pytest
import torch
from proteinnet_records import LETTERS, chain_file, recipe, record, three_files, written

from replisome.data.parquet import read_parquet
from replisome.errors import ReplisomeError
from replisome.studies.proteinnet.data import prepare
from replisome.studies.proteinnet.task import open_task

CPU = torch.device("cpu")


@pytest.fixture
def files(tmp_path):
    return three_files(tmp_path)


@pytest.fixture
def task(tmp_path, files):
    def open_(protocol, crop=16):
        written(tmp_path, prepare(recipe(protocol=protocol, crop=crop), files))
        return open_task(tmp_path)

    return open_


@pytest.mark.parametrize(("protocol", "unit"), [("reported", 100), ("sound", 1)])
def test_inputs_and_distances_of_a_batch(task, files, protocol, unit):
    opened = task(protocol)
    split = opened.load("train", CPU)
    inputs, targets = split.batch(torch.tensor([1, 0]))  # chains of 40 and 12 residues
    assert inputs.shape == (2, 2, 16, 21)
    assert targets.shape == (2, 16, 16)
    assert (inputs[:, 1].sum(dim=2) == 1).all()
    assert inputs[1, 1, :, 20].tolist() == [0] * 12 + [1] * 4  # the last letter is no residue
    assert not inputs[1, 0, 12:].any()
    table, _ = read_parquet(opened.recipe / "train.parquet")
    rows = table.to_pandas()
    for item, row in ((0, rows.iloc[1]), (1, rows.iloc[0])):
        length = min(16, len(row["letters"]))
        assert inputs[item, 1, :length].argmax(dim=1).tolist() == row["letters"][:length].tolist()
        np.testing.assert_array_equal(inputs[item, 0, :length], np.reshape(row["profile"], (-1, 21))[:length])
        ca = np.reshape(row["ca"], (-1, 3))[:length].astype(float)
        wanted = np.full((16, 16), np.nan)
        wanted[:length, :length] = np.linalg.norm(ca[:, None] - ca, axis=2) * unit
        np.fill_diagonal(wanted, np.nan)
        np.testing.assert_allclose(targets[item], wanted, rtol=1e-5)


def test_distances_survive_a_chain_far_from_the_origin(tmp_path, files):
    rng = np.random.default_rng(0)
    ca = np.cumsum(rng.standard_normal((12, 3)) * 220, axis=0) + 300_000
    chain_file(files["p-test"].path, record("far", LETTERS[:12], ca=np.round(ca, 1)))
    written(tmp_path, prepare(recipe(), files))
    _, targets = open_task(tmp_path).load("test", CPU).batch(torch.tensor([0]))
    wanted = np.linalg.norm(ca[:, None] - ca, axis=2) / 100
    assert np.nanmax(np.abs(targets[0, :12, :12] - wanted)) < 0.02


def test_random_crops_come_from_anywhere_in_long_chains_and_leave_short_ones_alone(task):
    opened = task("sound")
    split = opened.load("train", CPU)
    whole = read_parquet(opened.recipe / "train.parquet")[0].to_pandas()["letters"]
    torch.manual_seed(0)
    starts = set()
    for _ in range(200):
        inputs, targets = split.augmented(torch.tensor([1, 0, 2]), "random_crop")
        letters = inputs[:, 1].argmax(dim=2)
        begin = next(k for k in range(25) if letters[0].tolist() == whole[1][k : k + 16].tolist())
        starts.add(begin)
        plain = split.batch(torch.tensor([0, 2]))
        assert torch.equal(inputs[1:], plain[0])
        assert torch.equal(targets[1:].nan_to_num(), plain[1].nan_to_num())
    assert starts == set(range(25))


def by_loop(outputs, targets, reported):
    """Return the loss as the report's words have it, pair by pair."""
    total, count = 0.0, 0
    for one, target in zip(outputs.tolist(), targets.tolist(), strict=True):
        for i in range(len(target)):
            for j in range(len(target)):
                if target[i][j] == target[i][j]:
                    squared = sum((a - b) ** 2 for a, b in zip(one[i], one[j], strict=True))
                    total += ((squared if reported else squared**0.5) - target[i][j]) ** 2
                    count += 1
    return total / (len(targets) if reported else count)


@pytest.mark.parametrize("protocol", ["reported", "sound"])
def test_losses_are_those_of_a_loop_over_pairs(task, protocol):
    opened = task(protocol)
    _, targets = opened.load("train", CPU).batch(torch.arange(3))
    outputs = torch.randn((3, 16, 3), generator=torch.Generator().manual_seed(1)) * (
        30 if protocol == "reported" else 9
    )
    expected = by_loop(outputs, targets, protocol == "reported")
    assert opened.loss(outputs, targets).item() == pytest.approx(expected, rel=1e-4)
    assert opened.terms(targets) == (3 if protocol == "reported" else (~targets.isnan()).sum())


@pytest.mark.parametrize("protocol", ["reported", "sound"])
def test_batches_add_up_and_unknown_pairs_have_no_gradient(task, protocol):
    opened = task(protocol)
    _, targets = opened.load("train", CPU).batch(torch.arange(3))
    outputs = torch.randn((3, 16, 3), generator=torch.Generator().manual_seed(1), requires_grad=True)
    whole = opened.loss(outputs, targets)
    parts = [opened.loss(outputs[k : k + 1], targets[k : k + 1]) * opened.terms(targets[k : k + 1]) for k in range(3)]
    torch.testing.assert_close(sum(parts) / opened.terms(targets), whole)
    whole.backward()
    assert outputs.grad.isfinite().all()
    # The first chain has 12 residues; what is not 0 beyond them is rounding.
    assert outputs.grad[0, 12:].abs().max() < 1e-5 * outputs.grad.abs().max()
    opened.loss(outputs, torch.full_like(targets, torch.nan)).backward()
    assert outputs.grad.isfinite().all()


@pytest.mark.parametrize("protocol", ["reported", "sound"])
def test_coordinates_and_maps_are_judged_alike(task, protocol):
    opened = task(protocol)
    _, targets = opened.load("test", CPU).batch(torch.arange(2))
    coordinates = torch.randn((2, 16, 3), generator=torch.Generator().manual_seed(2)) * 20
    maps = torch.cdist(coordinates, coordinates) ** (2 if protocol == "reported" else 1)
    torch.testing.assert_close(opened.loss(coordinates, targets), opened.loss(maps, targets), rtol=1e-3, atol=1e-3)
    one, two = (opened.reduce_outputs(outputs, targets).numpy() for outputs in (coordinates, maps))
    np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-2)


def test_scores_and_the_reported_loss_agree(task):
    opened = task("reported")
    _, targets = opened.load("test", CPU).batch(torch.arange(2))
    maps = targets.nan_to_num(nan=3.0) + 150.0
    reduced = opened.reduce_outputs(maps, targets).numpy()
    scores = opened.scores(reduced, targets.numpy())
    assert scores["rmse"] == pytest.approx(1.5, rel=1e-5)  # 150 pm
    assert scores["drmsd"] == pytest.approx(1.5, rel=1e-5)
    assert scores["paper_loss"] == pytest.approx(opened.loss(maps, targets).item(), rel=1e-5)
    columns = opened.predictions(reduced, targets.numpy(), "distances")
    assert columns["squared"].shape == columns["pairs"].shape == (2, 15)
    assert columns["pairs"].sum(axis=1).tolist() == [120, 120]
    np.testing.assert_allclose(columns["squared"].sum(axis=1), 120 * 1.5**2, rtol=1e-4)


def test_predictions_without_end_are_kept_within_half_precision(task):
    opened = task("sound")
    _, targets = opened.load("test", CPU).batch(torch.arange(2))
    columns = opened.predictions(np.full((2, 120), 1e9, np.float32), targets.numpy(), "distances")
    assert np.isfinite(columns["distances"]).all()


@pytest.mark.parametrize("shape", [(2, 8), (2, 16, 8), (2, 15, 3)])
def test_outputs_that_are_neither_coordinates_nor_maps_are_a_message(task, shape):
    opened = task("sound")
    _, targets = opened.load("test", CPU).batch(torch.arange(2))
    with pytest.raises(ReplisomeError, match="needs a model that gives coordinates or distances of 16 residues"):
        opened.loss(torch.zeros(shape), targets)
