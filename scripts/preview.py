"""Draws the learning rate of schedules over a run, without data and without training."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from src.config.resolvers import AUTO
from src.config.schema import Config
from src.errors import UsageError, ending_in_one_line
from src.schedules import choices

if TYPE_CHECKING:
    from src.analysis.figures.gallery import Curve

USAGE = """\
scheduler=a,b          schedules to draw, also as schedulers=[a,b] (default: all of conf/scheduler)
out=DIR                folder of schedules.png, schedules.svg and lr_curves.csv (default: outputs/preview)
key=value              anything that `python -m src.train` takes: epochs, batch_size, warmup, data, optimizer ...
"""

OUT = "outputs/preview"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=USAGE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--terminal", action="store_true", help="print the table, write nothing")
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_intermixed_args()
    sys.path.insert(0, str(Path.cwd()))  # a script starts without it, and a user's own module lies there
    outs = [text.removeprefix("out=") for text in arguments.overrides if text.startswith("out=")]
    overrides = [text for text in arguments.overrides if not text.startswith("out=")]
    with ending_in_one_line():
        preview(overrides, None if arguments.terminal else Path(outs[-1] if outs else OUT))


def preview(overrides: Sequence[str], out: Path | None) -> None:
    """Prints the curves and, where `out` is a folder, draws them there.

    Raises:
        UsageError: a schedule that was asked for is refused, or all of them are, or `out` cannot be written.
    """
    traced, refusals = trace_all(overrides)
    from src.analysis.figures.gallery import print_curves, write_gallery

    title, curves = headline([config for config, _ in traced]), [curve for _, curve in traced]
    print_curves(curves, title)
    for name, refusal in refusals.items():
        print(f"Left out: {name}: {refusal}", file=sys.stderr)
    if out is None:
        return
    try:
        paths = write_gallery(curves, title, out)
    except OSError as error:
        raise UsageError(f"out={out}: cannot be written: {error.strerror}") from error
    print("Written:", *paths)


def trace_all(overrides: Sequence[str]) -> tuple[list[tuple[Config, Curve]], dict[str, UsageError]]:
    """Config and curve of each schedule that `overrides` choose; of all, where they choose none.

    Of all schedules, those that do not go with the other overrides are left out; the second says why.
    """
    chosen, others = choices.chosen(overrides)
    with choices.loading(others) as load:
        if chosen:
            return [trace_one(load(name)) for name in chosen], {}
        tried = {name: attempt(load, name) for name in choices.names()}
    refusals = {name: each for name, each in tried.items() if isinstance(each, UsageError)}
    traced = [each for each in tried.values() if not isinstance(each, UsageError)]
    if not traced:
        raise next(iter(refusals.values()))
    return traced, refusals


def attempt(load: Callable[[str | None], Config], name: str) -> tuple[Config, Curve] | UsageError:
    try:
        return trace_one(load(name))
    except UsageError as error:
        return error


def trace_one(config: Config) -> tuple[Config, Curve]:
    from src.analysis.figures.gallery import Curve
    from src.schedules.preflight import trace, trace_assumptions

    known = config
    return config, Curve(
        scheduler=config.scheduler["name"],
        lrs=trace(known),
        updates_per_epoch=config.updates_per_epoch,
        peak=float(known.optimizer["lr"]),
        length=config.seconds or config.epochs,
        unit="second" if config.seconds else "epoch",
        note=trace_assumptions(config),
    )


def headline(configs: Sequence[Config]) -> str:
    """What is common to all curves."""
    config = configs[0]
    epochs = f"{config.epochs} epoch{'s' if config.epochs > 1 else ''}"
    updates = config.epochs * config.updates_per_epoch
    length = (
        f"{config.seconds:g} seconds" if config.seconds else f"{epochs} of {config.data.name} ({updates:,} updates)"
    )
    peak = config.optimizer["lr"]
    parts = [f"Learning rate over {length}", "optimizer.lr=auto, drawn as 1" if peak == AUTO else f"peak {peak:g}"]
    if config.warmup and all(each.warmup == config.warmup for each in configs):
        parts.append(f"warmup {config.warmup:g}")
    return ", ".join(parts)


if __name__ == "__main__":
    gc.disable()  # looking for garbage among all that torch imports takes half a second, and nothing here makes any
    main()
