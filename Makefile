# `make benchmark` and `make test` are all you need; both set up `.venv` first.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON = $(if $(shell $(BIN)/python -V 2> /dev/null),$(BIN)/python,python3)
# Not from the environment, where these names mean other things.
ARGS =
DIR = outputs/sweeps/benchmark
LOGDIR = outputs
PORT = 6006

.DEFAULT_GOAL := help
.PHONY: help setup benchmark test test-gpu test-launchers test-faults lint format type sweep report preview lr-find speed tensorboard clean another-python

help: ## list all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## create the environment in .venv

HAS_PYTHON = [ "$$($(BIN)/python -V 2>&1)" = "$$($(PYTHON) -V 2>&1)" ]
ifeq ($(origin PYTHON),command line)
$(STAMP): $(shell $(HAS_PYTHON) || echo another-python)
endif

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is required, but %s is %s; choose another one: make PYTHON=python3.12" % (sys.executable, sys.version.split()[0]))'
	@{ $(HAS_PYTHON) && $(BIN)/python -m pip --version > /dev/null 2>&1; } || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,optimizers]'
	@touch $@

benchmark: setup ## compare schedules on MNIST over several seeds: tables and figures
	$(BIN)/python scripts/sweep.py experiment=benchmark $(ARGS)

sweep: setup ## run your own sweep: make sweep ARGS="schedulers=[step,cosine] seeds=[0,1] model=mlp"
	$(BIN)/python scripts/sweep.py $(ARGS)

report: setup ## rebuild tables, figures and report of a sweep: make report DIR=outputs/sweeps/benchmark
	$(BIN)/python scripts/report.py "$(DIR)"

preview: setup ## plot learning-rate curves without training: make preview ARGS="epochs=30 warmup=0.05"
	$(BIN)/python scripts/preview.py $(ARGS)

lr-find: setup ## run a learning-rate range test: make lr-find ARGS="model=mlp optimizer=adamw"
	$(BIN)/python scripts/lr_find.py $(ARGS)

speed: setup ## compare the speed of this trainer with a bare loop and a DataLoader loop, or of runs in lockstep
	$(BIN)/python scripts/speed.py $(ARGS)

tensorboard: setup ## view all runs in TensorBoard: make tensorboard LOGDIR=outputs PORT=6006
	$(BIN)/python scripts/board.py "$(LOGDIR)" --port $(PORT)

test: setup ## run the tests; those on real MNIST need MNIST_MIRROR=DIR
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

test-gpu: setup ## run the tests that need a GPU
	$(BIN)/python -m pytest -m gpu $(ARGS)

test-launchers: setup ## install ray, submitit, mlflow and wandb, and run their tests (minutes)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[ray,slurm,mlflow,wandb]'
	$(BIN)/python -m pytest -m slow --timeout 1800 $(ARGS)

test-faults: setup ## kill commands, flip bits, damage files, fill disks: about 20 minutes
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'faults or not slow' --timeout 1800 tests/faults tests/integration/test_wrong_inputs.py $(ARGS)
	$(BIN)/python -m pytest -m faults --timeout 1800 tests/integration/test_protocol.py tests/integration/test_sweep.py tests/unit/sweeps/test_packs.py $(ARGS)

lint: setup ## check style and likely mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup ## fix style and format all files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: setup ## check static types
	$(BIN)/mypy

clean: ## remove caches, but not outputs or .venv
	rm -rf .mypy_cache .pytest_cache .ruff_cache *.egg-info build dist
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
