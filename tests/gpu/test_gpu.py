import pytest
import torch

from replisome.models import DataSpec, build
from replisome.stages.train import choose_precision

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine"),
]


def test_bf16_is_used_where_the_gpu_has_it_and_not_under_the_reported_protocol():
    expected = "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    assert choose_precision("auto") == expected
    assert choose_precision("fp32") == "32-true"


def test_the_gpu_computes_what_the_cpu_does():
    torch.manual_seed(0)
    model = build("cnn", DataSpec((3, 28, 28), 8), {"pool": "max"})
    images = torch.randn(16, 3, 28, 28)
    with torch.inference_mode():
        expected = model(images)
        found = model.cuda()(images.cuda()).cpu()
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
