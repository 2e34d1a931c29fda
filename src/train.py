"""`python -m src.train`: the Hydra entry. Whatever needs torch is imported once a run starts, so `--help` is quick."""

from __future__ import annotations

import argparse
import sys

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from src.errors import UsageError
from src.fallback import settle
from src.job import refuse, run_job


@hydra.main(version_base="1.3", config_path="../conf", config_name="train")
def train(cfg: DictConfig) -> None:
    run_job(cfg)


def main() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("overrides", nargs="*")
    arguments, other_flags = parser.parse_known_intermixed_args()
    if other_flags:  # --help, --cfg and their like: Hydra answers, nothing is run
        train()
        return
    try:
        overrides = settle(arguments.overrides)
        sys.argv[1:] = ["--multirun", *overrides] if arguments.multirun else overrides
        if arguments.multirun:
            sys.exit(multirun(overrides))
        train()
    except UsageError as error:
        sys.exit(refuse(error))


def multirun(overrides: list[str]) -> int:
    """Hydra's own multirun, between a check of all its jobs and the tables; returns the exit status."""
    from src.sweep.launch import run_plan
    from src.sweep.plan import make_plan

    try:
        plan = make_plan(overrides)
    except (HydraException, OmegaConfBaseException) as error:
        return refuse(error)
    GlobalHydra.instance().clear()
    return run_plan(plan, start=train)


if __name__ == "__main__":
    main()
