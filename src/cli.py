"""The installed command `schedbench`: `python -m src.train` and the scripts under one name."""

from __future__ import annotations

import difflib
import importlib
import sys

from src.errors import EXIT_USAGE
from src.unread import print_text

COMMANDS = {
    "train": ("src.train", "train one run; with -m, every combination of key=a,b"),
    "sweep": ("src.commands.sweep", "compare schedules in many parallel runs: tables, figures, a report"),
    "report": ("src.commands.report", "rebuild tables, figures and report of a sweep from its records"),
    "preview": ("src.commands.preview", "draw learning rates over a run without training"),
    "lr-find": ("src.commands.lr_find", "find a peak learning rate by a range test"),
    "board": ("src.commands.board", "view runs in TensorBoard under names that say what differs"),
    "speed": ("src.commands.speed", "compare the speed of this trainer with other loops"),
    "completion": ("src.commands.completion", "print a script for tab completion in bash or zsh"),
}


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("--help", "-h", "help"):
        print_text(usage())
        return
    if name == "--version":
        print_text(f"schedbench {_version()}")
        return
    if name not in COMMANDS:
        print(f"error: {unknown(name)}", file=sys.stderr)
        sys.exit(EXIT_USAGE)
    sys.argv = [f"schedbench {name}", *sys.argv[2:]]
    importlib.import_module(COMMANDS[name][0]).main()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # here, because `--help` should not wait for it

    try:
        return version("schedbench")
    except PackageNotFoundError:  # `python -m src.cli` in the repository
        return "(not installed)"


def usage() -> str:
    """The commands, one per line."""
    lines = [f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["usage: schedbench COMMAND ...", "", *lines, "", "schedbench COMMAND --help explains a command."])


def unknown(name: str) -> str:
    """What is wrong with the name of a command, and which one may be meant."""
    matches = difflib.get_close_matches(name, COMMANDS, n=1)
    guess = f"; did you mean {matches[0]}?" if matches else ""
    return f"{name}: unknown command; choose one of {', '.join(COMMANDS)}{guess}"


if __name__ == "__main__":
    main()
