"""The learning-rate range test: suggests a peak learning rate for a model, an optimizer and a data set."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.config.auto_lr import with_placeholder_lr
from src.config.compose import composed, composing, load_config, parsed
from src.config.schema import Config
from src.data.fallback import resolve_dataset
from src.errors import UsageError, ending_in_one_line

USAGE = """\
key=value              any override that `python -m src.train` accepts: model, optimizer, data, batch_size, seed ...
min_lr=1e-6            smallest learning rate
max_lr=10              largest learning rate
num_updates=400        number of learning rates, with one update at each
suggest=valley         suggestion for the last line: valley | steepest; both are printed
out=DIR                folder for lr_find.png, .svg and .csv (default: outputs/lr_find/<data>/<model>/<optimizer>)

`python -m src.train optimizer.lr=auto` runs this test first, always with seed=0, and uses its valley.
"""
_NUMBERS: dict[str, Any] = {"min_lr": float, "max_lr": float, "num_updates": int}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_intermixed_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    sys.path.insert(0, str(Path.cwd()))  # Python leaves it out for a script, and users keep their modules there
    with ending_in_one_line():
        options, overrides = _split(arguments.overrides)
        overrides = resolve_dataset(with_placeholder_lr(overrides))
        with composing():
            config = load_config(composed(overrides))
        lr_find(config, options)


def lr_find(config: Config, options: dict[str, str]) -> None:
    """Runs the test, writes the figure and the CSV, prints both suggestions."""
    from src.analysis.figures.range_test import write_range_test
    from src.runs.range_test import find_lr
    from src.training.lr_finder import SUGGESTIONS, rates

    preferred = options.get("suggest", SUGGESTIONS[0])
    if preferred not in SUGGESTIONS:
        raise UsageError(f"suggest={preferred}: choose one of {', '.join(SUGGESTIONS)}")
    names = [config.data.name, config.model["name"], config.optimizer["name"]]
    title = " · ".join([*names, f"batch {config.batch_size}", f"seed {config.seed}"])
    folder = Path(options.get("out", "/".join(["outputs/lr_find", *names])))
    lrs = rates(**{key: _number(key, options[key]) for key in _NUMBERS if key in options})
    test = find_lr(config, lrs)
    suggestions = {kind: test.suggestion(kind) for kind in SUGGESTIONS}
    try:
        write_range_test(test.to_csv(), suggestions, title, folder)
    except OSError as error:
        raise UsageError(f"out={folder} cannot be written: {error.strerror}") from error
    print(f"{title}: {len(test.lrs)} updates from lr {test.lrs[0]:g} to {test.lrs[-1]:g}")
    if len(test.lrs) == len(lrs):
        print("  the loss did not blow up at the largest lr; with a larger max_lr the valley may move to the right")
    for kind, lr in suggestions.items():
        print(f"  {kind:<9} {lr:g}")
    print(f"Figure and data in {folder}\nTrain with optimizer.lr={suggestions[preferred]:g}")


def _split(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """This script's own options, and the overrides of the config."""
    keys = {*_NUMBERS, "suggest", "out"}
    options = dict(text.split("=", 1) for text in arguments if text.partition("=")[0] in keys and "=" in text)
    overrides = [text for text in arguments if text.partition("=")[0] not in keys]
    for override in parsed(overrides):
        if override.is_sweep_override():
            raise UsageError(f"{override.input_line}: takes one value; the test is of one model and one optimizer")
    return options, overrides


def _number(key: str, text: str) -> Any:
    try:
        return _NUMBERS[key](text)
    except ValueError:
        raise UsageError(f"{key}={text}: must be {'an integer' if _NUMBERS[key] is int else 'a number'}") from None


if __name__ == "__main__":
    main()
