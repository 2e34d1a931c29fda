"""`python -m src.train`: the Hydra entry point. torch is imported only once a run starts, so that `--help` is fast."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import replace
from io import StringIO

import hydra
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from src.announce import announcing
from src.config import CONF
from src.config.auto_lr import wants_range_test
from src.config.compose import composed, composing, load_config, parsed
from src.config.flags import CommandLine, parse_command_line
from src.config.folders import check_own_folder
from src.config.hydra_errors import rewording_composition, rewording_errors
from src.config.suggestions import suggesting_also
from src.data.fallback import resolve_dataset
from src.errors import UsageError, ending_in_one_line
from src.sweeps.hydra_adapter import compose_command
from src.sweeps.reference import check_single, split_reference
from src.sweeps.sweeper import with_sweeper_params, without_sweeper_params
from src.unread import print_text
from src.user_modules import find_user_modules

KEYS = ("experiment", "reference")  # that a config does not have


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")
def train(cfg: DictConfig) -> None:
    from src.runs.job import run_single

    run_single(cfg)


def main() -> None:
    with ending_in_one_line(), suggesting_also(KEYS):
        find_user_modules()
        reference, arguments = split_reference(sys.argv[1:])
        command = _with_experiment(parse_command_line(arguments))
        if command.shown:
            show(command)
            return
        overrides = without_sweeper_params(command.overrides)
        settings = _compose(overrides).hydra
        if not (command.multirun or settings.mode == RunMode.MULTIRUN):
            check_single(reference)
            run_once(overrides, settings)
            return
        if command.run:
            raise UsageError("--run contradicts hydra.mode=MULTIRUN; leave one of the two out")
        sys.exit(multirun(with_sweeper_params(overrides, settings.sweeper), reference))


def _with_experiment(command: CommandLine) -> CommandLine:
    """The command with `experiment=NAME` replaced by what that experiment sets."""
    if not any(override.startswith("experiment=") for override in command.overrides):
        return command
    from src.sweeps.experiment import single_run

    return replace(command, overrides=single_run(command.overrides, multirun=command.multirun))


def run_once(overrides: list[str], settings: DictConfig) -> None:
    """Runs one config in Hydra's run folder; `settings` are Hydra's own.

    Raises:
        UsageError: the run cannot start. Names the value and the remedy.
    """
    if sweeps := [override.input_line for override in parsed(overrides) if override.is_sweep_override()]:
        raise UsageError(f"{sweeps[0]} has several values; add -m to run every combination")
    with suppress(OmegaConfBaseException):  # a value in the path is invalid; what composes the run says why
        check_own_folder("hydra.run.dir", settings.run.dir)
    overrides = resolve_dataset(overrides)
    if wants_range_test(overrides):
        with announcing("loading torch"):
            from src.runs.range_test import resolve_lr

        overrides = resolve_lr(overrides)
    _call_hydra(overrides)


def multirun(overrides: list[str], reference: str | None = None) -> int:
    """Runs every combination of the overrides and builds the tables; returns the exit status.

    Raises:
        UsageError: a run of the sweep is impossible. No run was started.
    """
    with announcing("loading libraries"):
        from src.sweeps.launch import run_plan
        from src.sweeps.plan import make_plan

    return run_plan(make_plan(resolve_dataset(overrides)), reference)


def show(command: CommandLine) -> None:
    """Lets Hydra print help, the config or information about it.

    Raises:
        UsageError: the config cannot be composed, or has nothing to print.
    """
    if command.composes and (command.overrides or command.package):  # composing our own configs a first time is waste
        _check_printable(command)
    text = StringIO()
    try:
        with rewording_composition(command.shown), redirect_stdout(text):
            _call_hydra([*command.overrides, *command.shown])
    finally:  # Hydra exits after --help
        print_text(text.getvalue())


def _check_printable(command: CommandLine) -> None:
    """Raises the errors of a config before Hydra turns them into a traceback."""
    config, package = _compose(command.overrides, may_sweep=False), command.package
    with rewording_composition(command.shown):
        if package not in (None, "_global_") and OmegaConf.select(config, str(package)) is None:
            raise UsageError(f"--package {package}: no such part of the config; --cfg job prints all of it")
    if command.resolves:
        check_resolvable(command.overrides)


def check_resolvable(overrides: list[str]) -> None:
    """Raises the errors of `--cfg job --resolve`.

    Raises:
        UsageError: the config is invalid, or a value depends on a peak that is not known yet.
    """
    if wants_range_test(overrides):
        raise UsageError("optimizer.lr=auto is found when a run starts; give it as a number to resolve values")
    with composing():
        load_config(composed(overrides))


def _compose(overrides: list[str], *, may_sweep: bool = True) -> DictConfig:
    parsed(overrides)
    with rewording_composition(overrides):
        return compose_command(overrides, may_sweep=may_sweep)


def _call_hydra(arguments: list[str]) -> None:
    sys.argv[1:] = arguments
    with _raised_errors(), rewording_errors():
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


if __name__ == "__main__":
    main()
