"""Rebuilds tables, figures and report.html from run records."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from src.announce import announcing
from src.commands.help_text import HelpFormatter
from src.config.folders import output_folder
from src.config.naming import setting_name
from src.errors import ArgumentParser, UsageError, ending_in_one_line

USAGE = """\
out=DIR                output folder (default: the input folder, if there is only one)
across=optimizer       put runs that differ in the optimizer into one table (default: a table for each)
reference=NAME         what to compare the others with: a schedule, or a setting as the tables name it, in quotes
                       ("reference=cosine lr=0.1"; default: the reference of the sweep, otherwise constant)
"""
KEYS = ("out=", "across=", "reference=")


def main() -> None:
    parser = ArgumentParser(description=__doc__, epilog=USAGE, formatter_class=HelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="DIR", help="folder of a run or of a sweep")
    arguments = parser.parse_args().folders
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    options = dict(text.split("=", 1) for text in arguments if text.startswith(KEYS))
    folders = [Path(text) for text in arguments if not text.startswith(KEYS)]
    with ending_in_one_line():
        check_folders(folders, options)
        with announcing("loading libraries"):
            from src.analysis.across import check_across
            from src.analysis.report.build import build_report

        if "across" in options:
            check_across(options["across"])
        reference = setting_name(options["reference"]) if "reference" in options else None
        out = output_folder("out", options["out"]) if "out" in options else folders[0]
        try:
            build_report(folders, out, reference, across_optimizer="across" in options)
        except OSError as error:
            raise UsageError(f"out={out}: cannot be written: {error.strerror}") from error


def check_folders(folders: list[Path], options: dict[str, str]) -> None:
    """Rejects unknown keys, missing folders, and several folders without an output folder."""
    missing = [str(folder) for folder in folders if not folder.is_dir()]
    if unknown := [text for text in missing if "=" in text]:
        raise UsageError(f"{unknown[0]}: no such key or folder; the keys are out=, across= and reference=")
    if files := [text for text in missing if Path(text).exists()]:
        raise UsageError(f"{files[0]}: is a file; name the folder of a run or of a sweep")
    if missing:
        raise UsageError(f"no such folder: {', '.join(missing)}; name the folder of a run or of a sweep")
    if not folders:
        raise UsageError("no folder: name the folder of a run or of a sweep")
    if len(folders) > 1 and "out" not in options:
        raise UsageError(f"{len(folders)} folders need an output folder: give out=DIR")
