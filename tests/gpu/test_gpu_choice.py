"""A job takes one GPU of those that are really there."""

import os
import subprocess
import sys

import pytest
import torch

from replisome.training.gpu_share import LOCKS, VISIBLE, gpus_to_share

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU on this machine"),
]
SEES = """
from replisome.training.gpu_share import own_gpu
with own_gpu() as name:
    import torch
    print(name, torch.cuda.device_count(), torch.cuda.get_device_properties(0).uuid)
"""


def test_torch_sees_the_gpu_that_the_job_took_and_no_other(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != VISIBLE} | {LOCKS: str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SEES], env=environment, text=True, capture_output=True, check=True)
    name, count, uuid = done.stdout.splitlines()[-1].split()
    assert count == "1"
    assert name == f"GPU-{uuid}" or name.startswith("MIG-")
    assert name in [gpu.uuid for gpu in gpus_to_share()] or VISIBLE in os.environ
