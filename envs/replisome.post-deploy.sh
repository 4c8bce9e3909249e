#!/usr/bin/env bash
# Snakemake runs this in the new conda environment.
set -euo pipefail
pip install --no-deps medmnist==3.0.2
