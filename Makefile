# make demo   the whole workflow on simulated data, ending in verdicts and a report to look at
# make test   all tests
# make check  the inner loop: lint, types and the fast tests, in two minutes
# make docs   the documentation, to open from site/index.html
# All set up .venv first. Others: setup, lint, types, bench, reference, picture, screenshots, lock, clean.
# Set-up takes PYTHON=python3.12, VENV=folder, TORCH=cpu (no CUDA, for a laptop), INSTALLER=uv (as it stands on the PATH).
PYTHON ?= python3
VENV ?= .venv
CORES ?= all
INSTALLER ?= pip
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
export PATH := $(abspath $(BIN)):$(PATH)
export PYTHONPATH := $(CURDIR)/workflow/src
# Not the default shell: GNU Make 3.81, which macOS has, starts simple commands without the exported PATH otherwise.
SHELL := /bin/bash

ifeq ($(INSTALLER),uv)
INSTALL := uv pip install --quiet --python $(BIN)/python
else
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif
LOCKED := $(INSTALL) --no-deps --require-hashes

# The build of torch. That of the usual index has CUDA on Linux and none on macOS; PyTorch's own index has one without for Linux.
# Set-up leaves word in the environment, so that a later `make demo` does not bring CUDA after all.
TORCH ?= $(shell cat $(VENV)/.torch 2>/dev/null)
SYSTEM ?= $(shell uname -s)
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
TORCH_PIN := $(shell sed -n '/^torch==/p' envs/requirements.txt)
ifeq ($(TORCH)-$(SYSTEM),cpu-Linux)
TORCH_BUILD := '$(TORCH_PIN)+cpu' --index-url $(TORCH_INDEX)
else
TORCH_BUILD := '$(TORCH_PIN)'
endif
ASKS_FOR_CUDA := from importlib.metadata import requires; print(any("nvidia" in need for need in requires("torch")))
# Another build than the one that is installed: set up again.
ifneq ($(TORCH),$(shell cat $(VENV)/.torch 2>/dev/null))
.PHONY: $(READY)
endif

.PHONY: help setup demo check test docs lint types bench reference picture screenshots lock clean

help:
	@sed -n 's/^# //p' Makefile | head -n 6

setup: $(READY)

$(READY): envs/lock.txt envs/lock-cuda.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "replisome needs Python 3.11 or newer; run: make PYTHON=python3.11 ...")'
	@echo "Setting up $(VENV): some minutes the first time"
	@$(PYTHON) -m venv $(VENV)
	@$(LOCKED) -r envs/lock.txt
	@$(INSTALL) --no-deps $(TORCH_BUILD)
	@case $$($(BIN)/python -c '$(ASKS_FOR_CUDA)') in True) $(LOCKED) -r envs/lock-cuda.txt;; False) ;; *) exit 1;; esac
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@echo "$(TORCH)" > $(VENV)/.torch
	@touch $@

$(READY_DEV): $(READY) envs/lock-dev.txt
	@$(LOCKED) -r envs/lock-dev.txt
	@touch $@

demo: $(READY)
	snakemake --cores $(CORES) --configfile config/demo.yaml --quiet rules
	@replisome claims --results results/demo
	@echo "The report: $(CURDIR)/results/demo/report.html"

test: $(READY_DEV)
	python -m pytest -n 2 --durations 25

check: lint types
	python -m pytest -n 2 -m "not slow" tests/unit tests/contract

# The variable quietens an announcement of the theme's makers about another program.
docs: $(READY_DEV)
	NO_MKDOCS_2_WARNING=1 python -m mkdocs build --strict --quiet
	@echo "The documentation: $(CURDIR)/site/index.html"

lint: $(READY_DEV)
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow/rules
	snakemake --lint
	lint-imports --no-logo
	codespell

types: $(READY_DEV)
	mypy

bench: $(READY_DEV)
	python -m benchmarks

reference: $(READY)
	python -m replisome.config.reference

picture: $(READY_DEV)
	python docs/draw_architecture.py
	python docs/draw_workflow.py

screenshots: $(READY_DEV)
	python -m docs.take_screenshots results/quick

lock: $(READY_DEV)
	python envs/lock.py $(UPGRADE:%=--upgrade)

clean:
	rm -rf $(VENV) results/demo
