"""The command line of this process, and how the user can start the other commands in the same way."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


def split_command(command: Sequence[str], argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """The program as the user started it, and its arguments.

    Args:
        command: The command line of the process, with the interpreter.
        argv: `sys.argv`.
    """
    arguments = list(argv[1:])
    start = len(command) - len(arguments)
    is_command = start > 0 and list(command[start:]) == arguments
    program = list(command[:start]) if is_command else ["schedbench", Path(argv[0]).stem]  # another program called ours
    if len(program) > 1 and Path(program[1]).name == "schedbench":
        program = ["schedbench", *program[2:]]
    return program, arguments


def sibling(program: Sequence[str], name: str) -> list[str]:
    """Another command of ours, such as `sweep`, started in the same way as `program`."""
    if program[0] == "schedbench":
        return ["schedbench", name]
    if list(program[1:3]) == ["-m", "src.cli"]:
        return [*program[:3], name]
    if name == "train":
        return [program[0], "-m", "src.train"]
    folder = Path(program[-1]).parent if program[-1].endswith(".py") else _scripts()
    return [program[0], str(folder / f"{name.replace('-', '_')}.py")]


def command_line(name: str, *arguments: str) -> str:
    """A line for the shell: another command of ours, started in the same way as this process."""
    program, _ = split_command(sys.orig_argv, sys.argv)
    return shlex.join([*sibling(program, name), *arguments])


def given_overrides() -> Iterator[str]:
    """The overrides as the user gave them, and `-cd DIR`, without the flags that only training has."""
    _, arguments = split_command(sys.orig_argv, sys.argv)
    for flag, argument in zip(["", *arguments], arguments, strict=False):
        if flag in ("-cd", "--config-dir"):
            yield from (flag, argument)
        elif argument.startswith(("~", "--config-dir=")) or ("=" in argument and not argument.startswith("-")):
            yield argument


def _scripts() -> Path:
    """The folder `scripts`, as it is named in the working folder."""
    return Path(min(os.path.relpath(_SCRIPTS), str(_SCRIPTS), key=len))
