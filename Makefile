# make demo   the whole workflow on simulated data, ending in verdicts and a report to look at
# make test   all tests
# make check  the inner loop: lint, types and the fast tests, in two minutes
# make docs   the documentation, to open from site/index.html
# All set up .venv first. Others: setup, lint, types, bench, reference, picture, screenshots, clean.
PYTHON ?= python3
VENV ?= .venv
CORES ?= all
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
export PATH := $(abspath $(BIN)):$(PATH)
export PYTHONPATH := $(CURDIR)/workflow/src

.PHONY: help setup demo check test docs lint types bench reference picture screenshots clean

help:
	@sed -n 's/^# //p' Makefile | head -n 5

setup: $(READY)

$(READY): envs/requirements.txt envs/requirements-no-deps.txt envs/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "replisome needs Python 3.11 or newer; run: make PYTHON=python3.11 ...")'
	@echo "Setting up $(VENV): some minutes the first time"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r envs/requirements.txt -c envs/constraints.txt
	@$(PIP) --no-deps -r envs/requirements-no-deps.txt
	@touch $@

$(READY_DEV): $(READY) envs/requirements-dev.txt
	@$(PIP) -r envs/requirements-dev.txt -c envs/constraints.txt
	@touch $@

demo: $(READY)
	snakemake --cores $(CORES) --configfile config/demo.yaml --quiet rules
	@python -m replisome claims --results results/demo
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
	python docs/take_screenshots.py results/quick

clean:
	rm -rf $(VENV) results/demo
