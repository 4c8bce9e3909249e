#!/usr/bin/env bash
# All that is asked of a machine with a GPU, once: its tests, then speeds and differences of weights (benchmarks/devices.py).
# Called in the repository's root; results go to the folder $OUT. Needs no network: packages that are missing are taken from
# the folder that the first argument names, of wheels.   tests/gpu/on_device.sh [WHEELS]
set -uo pipefail
export PYTHONPATH=workflow/src:. OUT=${OUT:-results/device} CUBLAS_WORKSPACE_CONFIG=:4096:8 PYTHONDONTWRITEBYTECODE=1
python=${PYTHON:-python3}
mkdir -p "$OUT"
if [ -n "${1:-}" ]; then
    "$python" -m pip install --quiet --no-index --find-links "$1" jsonschema || exit 1
fi
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader || echo "no GPU"
grep -m1 "model name" /proc/cpuinfo
timeout 200 "$python" -m pytest tests/gpu -q -o addopts= -p no:xdist -p no:cacheprovider -p no:randomly --tb=short -W ignore 2>&1 |
    tee "$OUT/tests.txt" | grep -v "^  \|^$" | cut -c1-220 | tail -80
timeout 400 "$python" -m benchmarks.devices --out "$OUT" --seconds "${SECONDS_TO_MEASURE:-250}" 2>&1 |
    grep -v Warning | tee "$OUT/devices.txt" | cut -c1-400
