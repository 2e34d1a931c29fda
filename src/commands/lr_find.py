"""The learning-rate range test: suggests a peak learning rate for a model, an optimizer and a data set."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any

from src.announce import announcing
from src.commands.help_text import HelpFormatter
from src.config.compose import parsed
from src.config.flags import add_config_dir, with_config_dir
from src.config.folders import output_folder
from src.config.suggestions import suggesting_also
from src.errors import ArgumentParser, UsageError, ending_in_one_line
from src.user_modules import find_user_modules

USAGE = """\
key=value              any override that `python -m src.train` accepts, except experiment=: model, data ...
min_lr=1e-6            smallest learning rate
max_lr=10              largest learning rate
num_updates=400        number of learning rates, with one update at each
suggest=valley         suggestion for the last line: valley | steepest; both are printed
out=DIR                folder for lr_find.png, .svg and .csv (default: outputs/lr_find/<data>/<model>/<optimizer>)

`python -m src.train optimizer.lr=auto` runs this test first, always with seed=0, and uses its valley.
"""
_NUMBERS: dict[str, Any] = {"min_lr": float, "max_lr": float, "num_updates": int}
SMALL = 10  # times below the rate of the lowest loss: a suggestion that may be too small
KEYS = (*_NUMBERS, "suggest", "out")


def main() -> None:
    parser = ArgumentParser(description=__doc__, epilog=USAGE, formatter_class=HelpFormatter)
    add_config_dir(parser)
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_intermixed_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    with ending_in_one_line():
        find_user_modules()
        options, overrides = _split(with_config_dir(arguments.config_dir, arguments.overrides))
        numbers = {key: _number(key, options[key]) for key in _NUMBERS if key in options}
        with suggesting_also(KEYS):
            lr_find(overrides, numbers, options.get("suggest"), options.get("out"))


def lr_find(overrides: Sequence[str], numbers: dict[str, Any], preferred: str | None, out: str | None) -> None:
    """Runs the test, writes the figure and the CSV, prints both suggestions and the rate of the lowest loss."""
    with announcing("loading torch"):
        from src.analysis.figures.range_test import write_range_test
        from src.runs.range_test import suggest_lrs
        from src.training.lr_finder import SUGGESTIONS

    preferred = SUGGESTIONS[0] if preferred is None else preferred
    if preferred not in SUGGESTIONS:
        raise UsageError(f"suggest={preferred}: choose one of {', '.join(SUGGESTIONS)}")
    chosen_folder = None if out is None else output_folder("out", out)
    result = suggest_lrs(overrides, **numbers)
    folder = chosen_folder or result.folder
    try:
        write_range_test(result.test.to_csv(), result.lrs, result.title, folder)
    except OSError as error:
        raise UsageError(f"out={folder} cannot be written: {error.strerror}") from error
    tested = result.test.lrs
    print(f"{result.title}: {len(tested)} updates from lr {tested[0]:g} to {tested[-1]:g}")
    if not result.blew_up:
        print("  the loss did not blow up at the largest lr; with a larger max_lr the valley may move to the right")
    for kind, lr in result.lrs.items():
        print(f"  {kind:<9} {lr:g}")
    print(f"  {'lowest':<9} {result.test.lowest:g}")
    if warning := small_warning(result.lrs[preferred], result.test.lowest):
        print(warning)
    print(f"Figure and data in {folder}\nTrain with optimizer.lr={result.lrs[preferred]:g}")


def small_warning(lr: float, lowest: float) -> str:
    """A warning if a suggestion is far below the rate of the lowest loss; otherwise empty."""
    if round(lowest / lr, 6) <= SMALL:
        return ""
    return (
        f"Warning: {lr:g} is {lowest / lr:.0f} times below the rate of the lowest loss and may train too slowly; also "
        f"try rates from {lowest / SMALL:.2g} to {lowest:g}"
    )


def _split(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """This script's own options, and the overrides of the config."""
    keys = tuple(f"{key}=" for key in KEYS)
    options = dict(text.split("=", 1) for text in arguments if text.startswith(keys))
    overrides = [text for text in arguments if not text.startswith(keys)]
    for override in parsed(overrides):
        if override.is_sweep_override():
            raise UsageError(f"{override.input_line}: takes one value; the test is of one model and one optimizer")
    return options, overrides


def _number(key: str, text: str) -> Any:
    try:
        return _NUMBERS[key](text)
    except ValueError:
        raise UsageError(f"{key}={text}: must be {'an integer' if _NUMBERS[key] is int else 'a number'}") from None
