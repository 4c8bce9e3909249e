import pytest
import torch

from replisome import models
from replisome.config.catalogue import model_traits
from replisome.errors import ReplisomeError
from replisome.models import DataSpec

BLOOD = DataSpec((3, 28, 28), 8)


@pytest.mark.parametrize(("pool", "first_linear"), [("none", 25_690_368), ("max", 295_168)])
@pytest.mark.parametrize("head", ["logits", "softmax"])
def test_the_first_linear_layer_has_the_assignments_parameters(pool, head, first_linear):
    model = models.build("cnn", BLOOD, {"pool": pool, "head": head})
    assert sum(p.numel() for p in model.hidden.parameters()) == first_linear


def test_fewer_filters_and_hidden_units_make_a_small_network_without_pooling():
    """As many parameters as the pooled network has, so that pooling and capacity can be told apart."""
    small = models.build("cnn", BLOOD, {"filters": 4, "hidden": 31})
    convolutions = (3 * 9 + 1) * 4 + (4 * 9 + 1) * 8 + (8 * 9 + 1) * 16
    linear = (16 * 28 * 28 + 1) * 31 + (31 + 1) * 8
    assert sum(p.numel() for p in small.parameters()) == convolutions + linear
    pooled = models.build("cnn", BLOOD, {"pool": "max"})
    assert convolutions + linear == pytest.approx(sum(p.numel() for p in pooled.parameters()), rel=0.02)


@pytest.mark.parametrize("pool", ["none", "max"])
@pytest.mark.parametrize(("shape", "classes"), [((3, 28, 28), 8), ((1, 28, 28), 2), ((3, 64, 64), 9), ((1, 17, 9), 3)])
def test_any_image_shape_and_number_of_classes(pool, shape, classes):
    model = models.build("cnn", DataSpec(shape, classes), {"pool": pool, "hidden": 4})
    assert model(torch.zeros(2, *shape)).shape == (2, classes)


def test_the_softmax_head_returns_probabilities_and_says_so():
    torch.manual_seed(0)
    model = models.build("cnn", DataSpec((1, 8, 8), 3), {"head": "softmax", "hidden": 4})
    assert model_traits("cnn").output({"head": "softmax"}) == "probabilities"
    torch.testing.assert_close(model(torch.randn(5, 1, 8, 8)).sum(dim=1), torch.ones(5))
    assert model_traits("cnn").output({"hidden": 4}) == "logits"


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("cn", {}, "unknown model 'cn'; did you mean 'cnn'"),
        ("cnn", {"pol": "max"}, "model 'cnn' has no hyperparameter 'pol'; did you mean 'pool'"),
        ("cnn", {"pool": "mean"}, "hyperparameter 'pool': 'mean' is not one of: none, max"),
    ],
)
def test_a_model_that_cannot_be_built_is_a_message(name, values, message):
    with pytest.raises(ReplisomeError, match=message):
        models.build(name, BLOOD, values)


def test_too_small_an_image_for_three_poolings_is_a_message():
    with pytest.raises(ReplisomeError, match="at least 8x8 pixels, not 7x9"):
        models.build("cnn", DataSpec((1, 7, 9), 2), {"pool": "max"})
