"""The models of protein chains: report C's sizes and layers, the tables against plain averages, the pairwise net."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from replisome import models
from replisome.errors import ReplisomeError
from replisome.models import DataSpec
from replisome.models.conv_attention import _margins

FULL = DataSpec((2, 256, 21), 256)
SMALL = DataSpec((2, 16, 21), 16)
NAMES = ("conv_simple", "conv_attention", "pair_resnet", "separation_table", "zeros")


def size(model):
    statistics = [b.numel() for name, b in model.named_buffers() if "running" in name]
    return sum(p.numel() for p in model.parameters()) + sum(statistics)


def chains(lengths, residues=16, seed=0):
    """Return inputs as the study makes them: profile and one-hot letters, padding marked by the last letter."""
    generator = torch.Generator().manual_seed(seed)
    inside = torch.arange(residues) < torch.tensor(lengths).unsqueeze(1)
    letters = torch.where(inside, torch.randint(0, 20, inside.shape, generator=generator), 20)
    profile = torch.rand((*inside.shape, 21), generator=generator) * inside.unsqueeze(2)
    return torch.stack([profile, nn.functional.one_hot(letters, 21).float()], dim=1)


def test_the_reports_networks_have_the_reports_numbers_of_parameters():
    assert size(models.build("conv_simple", FULL, {})) == 66_070_688
    for values in ({}, {"dropout": 0.0}, {"activation": "relu"}, {"attention": False}):
        assert size(models.build("conv_attention", FULL, values)) == 40_897


def test_what_report_c_proposes_adds_its_own_weights():
    attention = 4 * 159**2 + 4 * 159  # queries, keys, values, output, with biases
    assert size(models.build("conv_attention", FULL, {"heads": 3})) == 40_897 + attention
    assert size(models.build("conv_attention", FULL, {"embedded": True})) == 40_897 + 21 * 21
    with pytest.raises(ReplisomeError, match="4 heads: they cannot share 159 columns; 3 fit"):
        models.build("conv_attention", FULL, {"heads": 4})
    with pytest.raises(ReplisomeError, match="3 heads: attention is off"):
        models.build("conv_attention", FULL, {"heads": 3, "attention": False})


def test_an_embedding_of_residues_is_a_vector_a_letter():
    torch.manual_seed(0)
    model = models.build("conv_attention", SMALL, {"embedded": True}).eval()
    inputs = chains([16, 9])
    before = model(inputs)
    model.embed.weight.data.copy_(torch.eye(21))
    plain = models.build("conv_attention", SMALL, {}).eval()
    plain.load_state_dict({k: v for k, v in model.state_dict().items() if k != "embed.weight"})
    torch.testing.assert_close(model(inputs), plain(inputs))
    assert not torch.allclose(before, plain(inputs))


def test_the_constants_of_the_reports_networks_are_those_of_its_framework():
    """Keras: batch norm with epsilon 1e-3 and momentum 0.99, Glorot uniform weights, zero biases."""
    simple = models.build("conv_simple", SMALL, {})
    assert (simple.norm.eps, simple.norm.momentum) == (1e-3, 0.01)
    own = models.build("conv_simple", SMALL, {"norm_epsilon": 1e-5, "norm_momentum": 0.1})
    assert (own.norm.eps, own.norm.momentum) == (1e-5, 0.1)
    for model in (simple, models.build("conv_attention", SMALL, {})):
        for layer in (layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)):
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            bound = math.sqrt(6 / (fan_in + fan_out))
            assert layer.weight.abs().max() <= bound
            # Of a uniform draw; torch's own are drawn within 1 / sqrt(fan_in), which differs where the fans do.
            spread, slack = layer.weight.std().item(), 3 / math.sqrt(layer.weight.numel())
            assert spread == pytest.approx(bound / math.sqrt(3), rel=slack)
            assert not layer.bias.any()


def test_the_dense_layer_of_the_simple_network_reads_86016_values():
    model = models.build("conv_simple", FULL, {})
    assert (model.dense.in_features, model.dense.out_features) == (86_016, 768)
    assert sum(p.numel() for p in model.dense.parameters()) == 66_061_056


def test_the_branches_have_the_reports_shapes():
    model = models.build("conv_attention", FULL, {})
    inputs = torch.randn(1, 256, 21)
    assert model.profile(inputs).shape == (1, 256, 96)
    assert model.letters(inputs).shape == (1, 256, 63)
    assert model.coordinates.in_features == 159
    shapes = []
    for branch in (model.profile, model.letters):
        for layer in (branch.first, branch.second):
            layer.register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape[1:])))
        branch(inputs)
    assert shapes == [(32, 128, 11), (64, 64, 6), (32, 127, 10), (64, 63, 4)]


def test_same_padding_is_that_of_keras():
    assert [_margins(size) for size in (256, 21, 11, 128)] == [(0, 1), (1, 1), (1, 1), (0, 1)]


def test_rows_are_laid_out_channels_last():
    """Four rows of a branch are one row of its map: columns outside, channels inside."""
    model = models.build("conv_attention", FULL, {})
    inputs = torch.randn(1, 256, 21)
    kept = []
    model.profile.second.register_forward_hook(lambda _, __, out: kept.append(model.profile.activation(out)))
    rows = model.profile(inputs)
    by_hand = [kept[0][0, channel, 5, column] for column in range(6) for channel in range(64)]
    torch.testing.assert_close(rows[0, 20:24].flatten(), torch.stack(by_hand))


def test_attention_has_no_weights_and_is_a_weighted_mean_of_rows():
    with_it, without = (
        models.build("conv_attention", SMALL, {"attention": on, "dropout": 0.0}) for on in (True, False)
    )
    without.load_state_dict(with_it.state_dict())
    inputs = chains([16, 9])
    assert not torch.allclose(with_it(inputs), without(inputs))
    rows = torch.cat([with_it.profile(inputs[:, 0]), with_it.letters(inputs[:, 1])], dim=2)
    mixed = torch.stack([torch.softmax(row @ row.T, dim=1) @ row for row in rows])
    seen = []
    with_it.mixing.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with_it(inputs)
    torch.testing.assert_close(seen[0].permute(0, 2, 3, 1).flatten(2), mixed)


def test_dropout_and_activation_do_what_they_say():
    inputs = chains([16])
    for rate, same in ((0.0, True), (0.5, False)):
        model = models.build("conv_attention", SMALL, {"dropout": rate}).train()
        assert torch.equal(model(inputs), model(inputs)) == same
        assert torch.equal(model.eval()(inputs), model(inputs))
    values = torch.tensor([-1.0, 2.0])
    leaky = models.build("conv_attention", SMALL, {"slope": 0.3}).profile.activation
    torch.testing.assert_close(leaky(values), torch.tensor([-0.3, 2.0]))
    assert models.build("conv_attention", SMALL, {"activation": "relu"}).profile.activation(values).tolist() == [0, 2]


def test_weights_are_drawn_as_keras_does():
    model = models.build("conv_attention", FULL, {})
    for layer in (module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)):
        inner = layer.weight[0, 0].numel() if layer.weight.ndim == 4 else 1
        limit = math.sqrt(6 / (inner * (layer.weight.shape[0] + layer.weight.shape[1])))
        assert layer.weight.abs().max() <= limit
        assert not layer.bias.any()


@pytest.mark.parametrize("residues", [15, 32, 100, 128])
def test_a_crop_that_the_second_network_cannot_lay_out_is_a_message(residues):
    with pytest.raises(ReplisomeError, match=f"crop of 16, 64 or 256 residues .*, not for {residues}"):
        models.build("conv_attention", DataSpec((2, residues, 21), residues), {})


@pytest.mark.parametrize("name", NAMES)
def test_other_data_are_a_message(name):
    with pytest.raises(ReplisomeError, match=f"model '{name}' reads chains of residues"):
        models.build(name, DataSpec((3, 28, 28), 8), {})


@pytest.mark.parametrize("name", NAMES)
def test_coordinates_or_a_symmetric_map(name):
    torch.manual_seed(0)
    model = models.build(name, SMALL, {}).eval()
    for parameter in model.parameters():  # what begins at zero would hide an asymmetry
        parameter.data += 0.1 * torch.randn_like(parameter)
    found = model(chains([16, 5, 11]))
    if name.startswith("conv"):
        assert found.shape == (3, 16, 3)
    else:
        assert found.shape == (3, 16, 16)
        torch.testing.assert_close(found, found.transpose(1, 2), rtol=1e-5, atol=1e-5)
    if name == "pair_resnet":
        assert (torch.diagonal(found, dim1=1, dim2=2) == 0).all()
        assert (found[:, 0, 1:] > 0).all()


@pytest.mark.parametrize("residues", [13, 16, 30])
def test_the_pairwise_network_takes_any_crop_and_learns(residues):
    torch.manual_seed(0)
    model = models.build("pair_resnet", DataSpec((2, residues, 21), residues), {"width": 8, "channels": 6, "depth": 2})
    inputs = chains([residues, residues - 4, 8], residues)
    place = torch.arange(residues).float()
    target = 5 * (place.unsqueeze(1) - place).abs().sqrt() * (1 + inputs[:, 0, :, 0].mean(dim=1))[:, None, None]
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    losses, moved = [], {name: False for name, _ in model.named_parameters()}
    for _ in range(60):
        loss = ((model(inputs) - target) ** 2).mean()
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        moved = {name: moved[name] or bool(p.grad.any()) for name, p in model.named_parameters()}
    assert losses[-1] < 0.1 * losses[0]
    assert all(moved.values())


def walk_targets(lengths, residues=16, seed=1):
    rng = np.random.default_rng(seed)
    maps = np.full((len(lengths), residues, residues), np.nan)
    for row, length in zip(maps, lengths, strict=True):
        ca = np.cumsum(rng.standard_normal((length, 3)), axis=0)
        row[:length, :length] = np.linalg.norm(ca[:, None] - ca, axis=2)
        gap = rng.integers(length)
        row[gap], row[:, gap] = np.nan, np.nan
        np.fill_diagonal(row, np.nan)
    return torch.tensor(maps, dtype=torch.float32)


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_the_table_is_the_mean_of_a_group_by(classes):
    lengths = [5, 6, 7, 8, 12, 13, 14, 16, 16, 9, 10, 11]
    inputs, targets = chains(lengths), walk_targets(lengths)
    model = models.build("separation_table", SMALL, {"classes": classes})
    model.estimate([(inputs[:5], targets[:5]), (inputs[5:], targets[5:])])
    item, i, j = (axis.ravel() for axis in np.indices(targets.shape))
    borders = np.quantile(lengths, np.arange(1, classes) / classes)
    frame = pd.DataFrame({"item": item, "apart": np.abs(i - j), "d": targets.numpy().ravel()}).dropna()
    frame["class"] = np.searchsorted(borders, np.array(lengths)[frame["item"]], side="right")
    means = frame.groupby(["class", "apart"])["d"].mean()
    found = model(inputs).numpy()
    for row in frame.itertuples():
        assert found.ravel()[row.Index] == pytest.approx(means[row[4], row.apart], rel=1e-5)


def test_the_table_fills_separations_that_a_class_or_all_chains_lack():
    inputs, targets = chains([4, 4, 10, 10]), walk_targets([4, 4, 10, 10])
    model = models.build("separation_table", SMALL, {"classes": 2})
    model.estimate([(inputs, targets)])
    short, long = model.table
    torch.testing.assert_close(short[4:10], long[4:10])  # only the long class has them
    assert (long[10:] == long[9]).all()
    assert short[0] == long[0] == 0
    assert not model.table.isnan().any()


def test_zeros_stay_zero_whatever_they_see():
    model = models.build("zeros", SMALL, {})
    inputs, targets = chains([9, 16]), walk_targets([9, 16])
    model.estimate([(inputs, targets)])
    assert not model(inputs).any()
