# Two commands are enough: `make benchmark` and `make test`. Both set up `.venv` first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
DIR ?= outputs/sweeps/benchmark
LOGDIR ?= outputs
PORT ?= 6006

.DEFAULT_GOAL := help
.PHONY: help setup benchmark test test-gpu test-launchers lint format type sweep report preview lr-find speed tensorboard clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## put the environment into .venv

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and f"Python 3.10 or newer is needed; {sys.executable} is {sys.version.split()[0]}. Name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,optimizers]'
	@touch $@

benchmark: setup ## the main job: schedules x seeds on MNIST, ending in the comparison table and pictures
	$(BIN)/python scripts/sweep.py experiment=benchmark $(ARGS)

sweep: setup ## a sweep of your own: make sweep ARGS="schedulers=[step,cosine] seeds=[0,1] model=mlp"
	$(BIN)/python scripts/sweep.py $(ARGS)

report: setup ## tables and pictures again from records: make report DIR=outputs/sweeps/benchmark
	$(BIN)/python scripts/report.py $(DIR)

preview: setup ## draw the lr of every schedule without training: make preview ARGS="epochs=30 warmup=0.05"
	$(BIN)/python scripts/preview.py $(ARGS)

lr-find: setup ## learning-rate range test: make lr-find ARGS="model=mlp optimizer=adamw"
	$(BIN)/python scripts/lr_find.py $(ARGS)

speed: setup ## time this trainer against a bare loop and the customary DataLoader loop
	$(BIN)/python scripts/speed.py $(ARGS)

tensorboard: setup ## look at every run under outputs in a browser
	$(BIN)/tensorboard --logdir $(LOGDIR) --port $(PORT)

test: setup ## the tests; those that need MNIST run where MNIST_MIRROR names a folder that has it
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

test-gpu: setup ## the tests that need a GPU
	$(BIN)/python -m pytest -m gpu $(ARGS)

test-launchers: setup ## the tests of joblib, submitit and ray, which take minutes; installs the last two
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[ray,slurm]'
	$(BIN)/python -m pytest -m slow $(ARGS)

lint: setup ## style and likely mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## put every file into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: setup ## static types, strictly
	$(BIN)/mypy

clean: ## remove caches; outputs and .venv stay
	rm -rf .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
