"""`python -m src.train`: the Hydra entry. Whatever needs torch is imported once a run starts, so `--help` is quick."""

from __future__ import annotations

import argparse
import sys

import hydra
from omegaconf import DictConfig

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
        sys.argv[1:] = overrides
        if not arguments.multirun:
            train()
            return
        from src.sweep.multirun import multirun

        sys.argv.insert(1, "--multirun")
        sys.exit(multirun(train, overrides))
    except UsageError as error:
        sys.exit(refuse(error))


if __name__ == "__main__":
    main()
