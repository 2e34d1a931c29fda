"""The flags of `python -m src.train`, and --config-dir, which the scripts have, too.

Every flag of hydra-core 1.3 is supported, left to Hydra, or refused by name.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from src.config import CONF
from src.config.group_help import group_choices
from src.config.suggestions import did_you_mean, possible_keys, similar
from src.config.user_configs import warn_of_ignored
from src.errors import UsageError
from src.user_modules import find_modules_beside

SUPPORTED = (
    "--multirun", "--run", "--config-dir", "--cfg", "--resolve", "--package", "--info", "--help", "--hydra-help",
    "--version",
)  # fmt: skip
CFG = ("job", "hydra", "all")
INFO = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
REFUSED = {
    "--config-name": "the primary config is conf/train.yaml; give --config-dir DIR to add choices of your own",
    "--config-path": "the configs are in conf; give --config-dir DIR to add choices of your own",
    "--experimental-rerun": (
        "the file is a pickle, which can run any code when it is loaded; give the overrides again, which are in "
        ".hydra/overrides.yaml of the run's folder"
    ),
    "--shell-completion": "Hydra completes `python FILE.py` and not `python -m`; use `schedbench completion bash`",
}


@dataclass(frozen=True)
class CommandLine:
    """What the command line of `python -m src.train` asks for.

    Attributes:
        overrides: All `group=choice` and `key=value`, and the folder of --config-dir as `hydra.searchpath`.
        multirun: Whether --multirun was given.
        run: Whether --run was given.
        shown: The flags with which Hydra prints something instead of training, with their values.
        package: The part of the config that --package selects.
    """

    overrides: list[str]
    multirun: bool
    run: bool
    shown: list[str]
    package: str | None

    @property
    def composes(self) -> bool:
        """Whether what is printed depends on the config."""
        return not {"--version", "--hydra-help"} & set(self.shown)

    @property
    def resolves(self) -> bool:
        """Whether the config is printed with its values resolved."""
        return "--resolve" in self.shown


def parse_command_line(arguments: Sequence[str]) -> CommandLine:
    """Parses the arguments of `python -m src.train`.

    Raises:
        UsageError: a flag is unknown, not supported, or does not go with another one.
    """
    flags, unknown = _parser().parse_known_intermixed_args(list(arguments))
    if unknown:
        raise UsageError(_unknown_flag(unknown[0].partition("=")[0], arguments))
    _check_support(flags)
    _check_commands(flags)
    return CommandLine(
        with_config_dir(flags.config_dir, flags.overrides), flags.multirun, flags.run, _shown(flags), flags.package
    )


class _Once(argparse.Action):
    """Refuses a second value, where argparse would drop the first."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if getattr(namespace, self.dest) is not None:
            parser.error("--config-dir: was given twice; name all folders in hydra.searchpath=[file://DIR,...]")
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raises instead of printing the usage, which has eight lines."""
        raise UsageError(f"{message.removeprefix('argument ')}; --hydra-help lists the flags")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--run", "-r", action="store_true")
    parser.add_argument("--config-dir", "-cd", action=_Once)
    for names in (("--help", "-h"), ("--hydra-help",), ("--version",)):
        parser.add_argument(*names, action="append_const", dest="help", const=names[0])
    parser.add_argument("--cfg", "-c")
    parser.add_argument("--resolve", action="store_true")
    parser.add_argument("--package", "-p")
    parser.add_argument("--info", "-i", nargs="?", const=INFO[0])
    parser.add_argument("--config-name", "-cn")
    parser.add_argument("--config-path", "-cp")
    parser.add_argument("--experimental-rerun")
    parser.add_argument("--shell-completion", "-sc", action="store_true", default=None)
    parser.add_argument("overrides", nargs="*")
    return parser


def _unknown_flag(flag: str, arguments: Sequence[str]) -> str:
    guess = did_you_mean(similar(flag, SUPPORTED, cutoff=0.75)) or _as_override(flag, arguments)
    return f"{flag}: unknown flag; {guess or '--hydra-help lists the flags'}"


def _as_override(flag: str, arguments: Sequence[str]) -> str:
    """`write epochs=5` for `--epochs 5` and `--epochs=5`; empty if no such key is known."""
    name = flag.lstrip("-")
    known = dict.fromkeys([*group_choices([CONF]), *possible_keys()])
    keys = [name] if name in known else [key for key in known if key.rpartition(".")[2] == name]
    value = _value_of(flag, arguments) or "VALUE"
    return f"write {' or '.join(f'{key}={value}' for key in keys)}" if keys else ""


def _value_of(flag: str, arguments: Sequence[str]) -> str:
    """What follows a flag, after a space or `=`."""
    for argument, following in pairwise([*arguments, "-"]):
        name, _, value = argument.partition("=")
        if name == flag:
            return value or ("" if following.startswith("-") else following)
    return ""


def _check_support(flags: Any) -> None:
    for flag, reason in REFUSED.items():
        if (value := getattr(flags, flag.removeprefix("--").replace("-", "_"))) is not None:
            raise UsageError(f"{flag}{'' if value is True else f' {value}'}: not supported: {reason}")
    _check_choice("--cfg", flags.cfg, CFG)
    _check_choice("--info", flags.info, INFO)


def _check_commands(flags: Any) -> None:
    """Rejects flags that do not go together."""
    values = {"--run": flags.run, "--multirun": flags.multirun, "--cfg": flags.cfg, "--info": flags.info}
    commands = [flag for flag, value in values.items() if value]
    if len(commands) > 1:
        raise UsageError(f"{commands[0]} and {commands[1]} contradict each other; give one of the two")
    if flags.resolve and not (flags.cfg or flags.help):
        raise UsageError("--resolve: goes with --cfg, as in --cfg job --resolve")
    if flags.resolve and flags.cfg == "hydra":
        raise UsageError("--cfg hydra --resolve: depends on the config of the run; give --cfg all -p hydra --resolve")
    if flags.package is not None and not flags.cfg:
        raise UsageError(f"--package {flags.package}: goes with --cfg, as in --cfg job --package scheduler")


def _shown(flags: Any) -> list[str]:
    options = {"--cfg": flags.cfg, "--package": flags.package, "--info": flags.info}
    values = [text for flag, value in options.items() if value is not None for text in (flag, value)]
    return [*(flags.help or []), *values, *["--resolve"] * flags.resolve]


def _check_choice(flag: str, value: str | None, choices: Sequence[str]) -> None:
    if value is not None and value not in choices:
        raise UsageError(f"{flag} {value}: choose one of {', '.join(choices)}; overrides go before the flag")


def add_config_dir(parser: argparse.ArgumentParser) -> None:
    """Adds the flag --config-dir to the parser of a script; `with_config_dir` applies it."""
    parser.add_argument(
        "--config-dir", "-cd", metavar="DIR", action=_Once, help="also find choices in DIR: DIR/scheduler/mine.yaml"
    )


def with_config_dir(config_dir: str | None, overrides: Sequence[str]) -> list[str]:
    """The overrides with the one by which every composition, also that of a job, finds the configs in `config_dir`.

    The modules beside the folder can be imported afterward, as those beside `conf` in the working folder can.

    Raises:
        UsageError: there is no such folder, or the overrides name others.
    """
    if config_dir is None:
        return list(overrides)
    if not config_dir or not Path(config_dir).is_dir():
        raise UsageError(f"--config-dir {config_dir or repr(config_dir)}: no such folder")
    if any(line.lstrip("+").startswith("hydra.searchpath=") for line in overrides):
        raise UsageError(f"--config-dir {config_dir}: contradicts hydra.searchpath=; name all folders in the latter")
    warn_of_ignored(Path(config_dir).resolve())
    find_modules_beside(Path(config_dir))
    path = str(Path(config_dir).resolve()).replace("'", r"\'")
    return [f"hydra.searchpath=['file://{path}']", *overrides]
