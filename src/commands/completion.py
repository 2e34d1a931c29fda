"""Prints a script that completes command lines when the tab key is pressed."""

from __future__ import annotations

import sys
from pathlib import Path

from src.commands.help_text import HelpFormatter
from src.errors import ArgumentParser, UsageError, ending_in_one_line
from src.unread import print_text

EPILOG = """\
To use it in this shell:    eval "$(schedbench completion bash)"
and in every new one:       put that line into ~/.bashrc; for zsh, with zsh instead of bash, into ~/.zshrc

It completes commands, flags, groups, choices (scheduler=cos) and keys (optimizer.l), also after `python -m src.train`
and `python scripts/NAME.py`. Without an installation: eval "$(python -m src.cli completion bash)"
"""
SHELLS = ("bash", "zsh")


def main() -> None:
    if sys.argv[1:2] == ["--candidates"]:  # of the script, for the command line after it
        _print_candidates(sys.argv[2:])
        return
    parser = ArgumentParser(description=__doc__, epilog=EPILOG, formatter_class=HelpFormatter)
    parser.add_argument("shell", metavar="SHELL", help="the shell that runs the script: bash or zsh")
    with ending_in_one_line():
        print_text(_script(parser.parse_args().shell))


def _script(shell: str) -> str:
    if shell not in SHELLS:
        raise UsageError(f"{shell}: no completion for this shell; choose one of {', '.join(SHELLS)}")
    return Path(__file__).with_name(f"completion.{shell}").read_text()


def _print_candidates(words: list[str]) -> None:
    from src.commands.candidates import candidates  # imports Hydra

    with ending_in_one_line():
        print("\n".join(candidates(words)))
