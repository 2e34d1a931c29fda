"""The learning-rate range test: suggests a peak learning rate for a model, an optimizer and a data set."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from src.config.compose import parsed
from src.config.schema import Config
from src.data.fallback import resolve_dataset
from src.errors import UsageError, ending_in_one_line
from src.schedules.choices import loading

USAGE = """\
key=value              anything that `python -m src.train` takes: model, optimizer, data, batch_size, seed ...
min_lr=1e-6            the smallest learning rate that is tried
max_lr=10              the largest
num_updates=400        how many are tried, an update each
suggest=valley         which suggestion is taken: valley | steepest; both are printed
out=DIR                folder of lr_find.png, .svg and .csv (default: outputs/lr_find/<data>/<model>/<optimizer>)

`python -m src.train optimizer.lr=auto` makes this test first, always with seed=0, and takes its valley.
"""
_NUMBERS: dict[str, Any] = {"min_lr": float, "max_lr": float, "num_updates": int}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_intermixed_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    sys.path.insert(0, str(Path.cwd()))  # a script starts without it, and a user's own module lies there
    with ending_in_one_line():
        own, overrides = _split(arguments.overrides)
        with loading(resolve_dataset(overrides)) as load:
            config = load(None)
        lr_find(config, own)


def lr_find(config: Config, own: dict[str, str]) -> None:
    """Makes the test, prints both suggestions, writes the picture and the CSV."""
    from src.analysis.figures.lr_finder import write_range_test
    from src.runs.range_test import find_lr
    from src.training.lr_finder import SUGGESTIONS, rates

    wanted = own.get("suggest", SUGGESTIONS[0])
    if wanted not in SUGGESTIONS:
        raise UsageError(f"suggest={wanted}: choose one of {', '.join(SUGGESTIONS)}")
    names = [config.data.name, config.model["name"], config.optimizer["name"]]
    folder = Path(own.get("out", "/".join(["outputs/lr_find", *names])))
    lrs = rates(**{key: _number(key, own[key]) for key in _NUMBERS if key in own})
    test = find_lr(config, lrs)
    suggestions = {kind: test.suggestion(kind) for kind in SUGGESTIONS}
    title = " · ".join([*names, f"batch {config.batch_size}", f"seed {config.seed}"])
    try:
        write_range_test(test.to_csv(), suggestions, title, folder)
    except OSError as error:
        raise UsageError(f"out={folder} cannot be written: {error.strerror}") from error
    print(f"{title}: {len(test.lrs)} updates from lr {test.lrs[0]:g} to {test.lrs[-1]:g}")
    if len(test.lrs) == len(lrs):
        print("  the loss had not blown up at the largest: with a larger max_lr the valley may lie further right")
    for kind, lr in suggestions.items():
        print(f"  {kind:<9} {lr:g}")
    print(f"Picture and numbers in {folder}\nTrain with optimizer.lr={suggestions[wanted]:g}")


def _split(given: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """What is this script's own, and the overrides of a config."""
    own_keys = {*_NUMBERS, "suggest", "out"}
    own = dict(text.split("=", 1) for text in given if text.partition("=")[0] in own_keys and "=" in text)
    overrides = [text for text in given if text.partition("=")[0] not in own_keys]
    for each in parsed(overrides):
        if each.is_sweep_override():
            raise UsageError(f"{each.input_line}: takes one value; the test is of one model and one optimizer")
    return own, overrides


def _number(key: str, text: str) -> Any:
    try:
        return _NUMBERS[key](text)
    except ValueError:
        raise UsageError(f"{key}={text}: must be a {'whole ' if _NUMBERS[key] is int else ''}number") from None


if __name__ == "__main__":
    main()
