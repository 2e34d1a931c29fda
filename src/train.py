"""`python -m src.train`: the Hydra entry point. torch is imported only once a run starts, so that `--help` is fast."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hydra
from omegaconf import DictConfig

from src.config import CONF
from src.config.auto_lr import wants_range_test
from src.config.compose import composed, composing, load_config, parsed
from src.data.fallback import resolve_dataset
from src.errors import UsageError, ending_in_one_line


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")
def train(cfg: DictConfig) -> None:
    from src.runs.job import run_single

    run_single(cfg)


def main() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--config-dir", "-cd")
    parser.add_argument("overrides", nargs="*")
    arguments, other_flags = parser.parse_known_intermixed_args()
    overrides = arguments.overrides
    if arguments.config_dir is not None:
        overrides = [f"hydra.searchpath=[file://{Path(arguments.config_dir).resolve()}]", *overrides]
    with ending_in_one_line():
        if other_flags:  # --help, --cfg and the like are Hydra's
            if "--resolve" in other_flags:
                check_resolvable(overrides)
            train()
            return
        overrides = resolve_dataset(overrides)
        if arguments.multirun or "hydra.mode=MULTIRUN" in overrides:
            sys.exit(multirun(overrides))
        if sweeps := [override.input_line for override in parsed(overrides) if override.is_sweep_override()]:
            raise UsageError(f"{sweeps[0]} has several values; add -m to run every combination")
        if wants_range_test(overrides):
            from src.runs.range_test import resolve_lr

            overrides = resolve_lr(overrides)
        sys.argv[1:] = overrides
        with _raised_errors():
            train()


@contextmanager
def _raised_errors() -> Iterator[None]:
    """Lets Hydra raise its errors, such as that of a run folder it cannot create, instead of printing a traceback."""
    previous = os.environ.get("HYDRA_FULL_ERROR")
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        del os.environ["HYDRA_FULL_ERROR"]
        os.environ |= {} if previous is None else {"HYDRA_FULL_ERROR": previous}


def check_resolvable(overrides: list[str]) -> None:
    """Raises the errors of `--cfg job --resolve` before Hydra turns them into a traceback.

    Raises:
        UsageError: the config is invalid, or a value depends on a peak that is not known yet.
    """
    if wants_range_test(overrides):
        raise UsageError("optimizer.lr=auto is found when a run starts; give it as a number to resolve values")
    if not any(override.is_sweep_override() for override in parsed(overrides)):
        with composing():
            load_config(composed(overrides))


def multirun(overrides: list[str]) -> int:
    """Runs every combination of the overrides and builds the tables; returns the exit status."""
    from src.sweeps.launch import run_plan
    from src.sweeps.plan import make_plan

    return run_plan(make_plan(overrides))


if __name__ == "__main__":
    main()
