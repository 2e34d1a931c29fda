"""Draws the learning rate of schedules over a run, without data and without training."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from src.announce import announcing
from src.commands.help_text import HelpFormatter
from src.config.flags import add_config_dir, with_config_dir
from src.config.folders import output_folder
from src.config.suggestions import suggesting_also
from src.errors import ArgumentParser, UsageError, ending_in_one_line
from src.user_modules import find_user_modules

USAGE = """\
scheduler=a,b          schedules to draw, also as schedulers=[a,b] (default: all of conf/scheduler)
out=DIR                folder for schedules.png, schedules.svg and lr_curves.csv (default: outputs/preview)
key=value              any override that `python -m src.train` accepts, except experiment=: epochs, optimizer ...
"""
OUT = "outputs/preview"
KEYS = ("schedulers", "out")


def main() -> None:
    parser = ArgumentParser(description=__doc__, epilog=USAGE, formatter_class=HelpFormatter)
    parser.add_argument("--terminal", action="store_true", help="print the table only; write no files")
    add_config_dir(parser)
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_intermixed_args()
    folders = [text.removeprefix("out=") for text in arguments.overrides if text.startswith("out=")]
    overrides = [text for text in arguments.overrides if not text.startswith("out=")]
    with ending_in_one_line():
        find_user_modules()
        out = output_folder("out", folders[-1] if folders else OUT)
        overrides = with_config_dir(arguments.config_dir, overrides)
        with suggesting_also(KEYS):
            draw(overrides, None if arguments.terminal else out)


def draw(overrides: Sequence[str], out: Path | None) -> None:
    """Prints the curves and, if `out` is a folder, draws them there."""
    with announcing("loading torch"):
        from src.analysis.figures.sparklines import print_preview
        from src.schedules.preview import preview_schedules

    with announcing("computing learning rates"):
        preview = preview_schedules(overrides)
    print_preview(preview)
    for name, refusal in preview.refusals.items():
        print(f"Left out: {name}: {refusal}", file=sys.stderr)
    if out is None:
        return
    try:
        with announcing("drawing learning rates"):
            from src.analysis.figures.gallery import write_gallery

            paths = write_gallery(preview, out)
    except OSError as error:
        raise UsageError(f"out={out}: cannot be written: {error.strerror}") from error
    print("Written:", *paths)
