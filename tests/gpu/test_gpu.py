import pytest
import torch
from tests.gpu_models import CHAINS, NETWORKS, chains, one_hot_probes

from replisome.models import DataSpec, build
from replisome.training.bf16_speed import measure
from replisome.training.energy import Meter
from replisome.training.precision import forbid_tf32, has_bf16

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine"),
]


@pytest.fixture(autouse=True)
def fp32_is_fp32():
    """Compute as runs do: rounded to TF32, some values fall into other bins."""
    forbid_tf32()


def test_a_gpu_that_emulates_bf16_does_not_count_as_having_it():
    emulated = not torch.cuda.is_bf16_supported(including_emulation=False)
    assert has_bf16(torch.device("cuda")) is not emulated


def test_steps_of_each_kind_are_timed_on_the_gpu_in_both_precisions():
    found = measure(torch.device("cuda"))
    assert min(second for one in found.values() for second in one.values()) > 0


@pytest.mark.parametrize(("name", "values", "data", "draw"), NETWORKS)
def test_the_gpu_computes_what_the_cpu_does(name, values, data, draw):
    torch.manual_seed(0)
    model = build(name, data, values).eval()
    inputs = draw(16)
    with torch.inference_mode():
        expected = model(inputs)
        found = model.cuda()(inputs.cuda()).cpu()
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_a_solved_model_is_solved_on_the_gpu_too():
    torch.manual_seed(0)
    inputs, targets = one_hot_probes(64), torch.randn(64, 1)
    models = [build("kmer_ridge", DataSpec((41, 4), 1), {"k": 2}) for _ in range(2)]
    models[0].estimate([(inputs, targets)])
    models[1].cuda().estimate([(inputs.cuda(), targets.cuda())])
    torch.testing.assert_close(models[1].weight.cpu(), models[0].weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("name", "values"), [("context_counts", {"k": 4}), ("context_mix", {"orders": 4})])
def test_counts_are_the_same_on_the_gpu(name, values):
    torch.manual_seed(0)
    tokens, data = torch.randint(0, 4, (20, 201)), DataSpec((50,), 4, 4)
    models = [build(name, data, values) for _ in range(2)]
    with torch.no_grad():
        models[0].estimate([(tokens[:, :-1], tokens[:, 1:])])
        models[1].cuda().estimate([(tokens[:, :-1].cuda(), tokens[:, 1:].cuda())])
        found = [model(tokens[:, :50].to(device)).cpu() for model, device in zip(models, ("cpu", "cuda"), strict=True)]
    # An order that has seen nothing did neither well nor badly: zero up to rounding, where two bins of weights meet.
    close = torch.isclose(found[1], found[0], rtol=1e-2, atol=1e-2).float().mean()
    assert close > 0.98
    scores = [torch.nn.functional.cross_entropy(each.flatten(0, 1), tokens[:, 1:51].flatten()) for each in found]
    torch.testing.assert_close(scores[1], scores[0], rtol=1e-3, atol=1e-3)


def test_the_table_of_distances_is_the_same_on_the_gpu():
    torch.manual_seed(0)
    inputs, targets = chains(16), torch.rand(16, 64, 64)
    models = [build("separation_table", CHAINS, {"classes": 2}) for _ in range(2)]
    models[0].estimate([(inputs, targets)])
    models[1].cuda().estimate([(inputs.cuda(), targets.cuda())])
    torch.testing.assert_close(models[1](inputs.cuda()).cpu(), models[0](inputs), rtol=1e-5, atol=1e-5)


def test_the_card_counts_the_energy_of_work():
    meter = Meter(torch.device("cuda"))
    if meter.began is None:
        pytest.skip("this card has no counter of energy")
    square = torch.rand(4096, 4096, device="cuda")
    for _ in range(200):
        square = square @ square / square.norm()
    torch.cuda.synchronize()
    assert meter.joules() > 0
