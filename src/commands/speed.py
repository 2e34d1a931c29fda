"""Times this trainer against a bare loop (the limit) and against the usual DataLoader loop.

Every round trains the same model, optimizer and batch size in every loop, in rotated order. Loops run for three epochs
(`epochs=3`), the DataLoader loop for one. Times per update are compared within a round; the table shows medians over
the rounds. No loop evaluates; this trainer's time includes its logs, its event file and its checkpoints.
"""

from __future__ import annotations

import argparse
import statistics
from typing import TYPE_CHECKING

from src.announce import announcing
from src.config.compose import composed, composing, load_config
from src.config.flags import add_config_dir, with_config_dir
from src.data.fallback import resolve_dataset
from src.errors import ArgumentParser, ending_in_one_line
from src.user_modules import find_user_modules

if TYPE_CHECKING:
    from src.config.schema import Config

DEFAULTS = {"model": "mlp", "epochs": 3}


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="number of rounds (default: 7)")
    add_config_dir(parser)
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="any override of `python -m src.train` but experiment="
    )
    arguments = parser.parse_intermixed_args()
    find_user_modules()
    with ending_in_one_line():
        overrides = resolve_dataset(with_config_dir(arguments.config_dir, arguments.overrides))
        keys = {line.partition("=")[0] for line in overrides}
        defaults = [f"{key}={value}" for key, value in DEFAULTS.items() if key not in keys]
        with composing():
            config = load_config(composed([*defaults, *overrides]))
        with announcing("loading torch"):
            from src.runs.speed import compare_loops

        print_table(config, compare_loops(config, arguments.rounds))


def print_table(config: Config, seconds: dict[str, list[float]]) -> None:
    import torch
    from rich.console import Console
    from rich.table import Table

    from src.runs.speed import BARE_LOOP, THIS_TRAINER
    from src.training.device import device_name, select_device, select_precision

    device = select_device(config.trainer.device)
    precision = select_precision(config.trainer.precision, device).name
    setting = [config.model["name"], config.optimizer["name"], f"batch {config.batch_size}", precision]
    threads = f"{torch.get_num_threads()} CPU threads"
    table = Table(title=", ".join([*setting, device_name(device), threads]))
    for column in ("loop", "ms per update", "relative to the bare loop", "speedup of this trainer"):
        table.add_column(column, justify="left" if column == "loop" else "right")
    for name, times in seconds.items():
        to_bare = _median_ratio(times, seconds[BARE_LOOP])
        speedup = _median_ratio(times, seconds[THIS_TRAINER])
        table.add_row(name, f"{1000 * statistics.median(times):.3f}", f"{to_bare:.2f}", f"{speedup:.2f} x")
    Console(width=120).print(table)


def _median_ratio(times: list[float], baseline: list[float]) -> float:
    return statistics.median(time / base for time, base in zip(times, baseline, strict=True))
