"""Times this trainer against a bare loop (the limit) and against the usual DataLoader loop.

Every round trains the same model, optimizer and batch size in every loop, in rotated order. Loops run for three epochs
(`epochs=3`), the DataLoader loop for one. Times per update are compared within a round; the table shows medians over
the rounds. No loop evaluates; this trainer's time includes its logs, its event file and its checkpoints.

--startup times whole commands that train next to nothing instead, as multiples of `import torch`.
"""

from __future__ import annotations

import argparse
import statistics
from typing import TYPE_CHECKING

from src.announce import announcing
from src.config.compose import composed, composing, load_config
from src.config.flags import add_config_dir, with_config_dir
from src.data.fallback import resolve_dataset
from src.errors import ArgumentParser, UsageError, ending_in_one_line
from src.user_modules import find_user_modules

if TYPE_CHECKING:
    from src.config.schema import Config

DEFAULTS = {"model": "mlp", "epochs": 3}


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="number of rounds (default: 7)")
    parser.add_argument("--startup", action="store_true", help="time the fixed costs of commands; takes no overrides")
    add_config_dir(parser)
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="any override of `python -m src.train` but experiment="
    )
    arguments = parser.parse_intermixed_args()
    find_user_modules()
    with ending_in_one_line():
        if arguments.startup:
            startup(arguments.rounds, arguments.overrides)
            return
        overrides = resolve_dataset(with_config_dir(arguments.config_dir, arguments.overrides))
        keys = {line.partition("=")[0] for line in overrides}
        defaults = [f"{key}={value}" for key, value in DEFAULTS.items() if key not in keys]
        with composing():
            config = load_config(composed([*defaults, *overrides]))
        with announcing("loading torch"):
            from src.runs.speed import compare_loops

        print_table(config, compare_loops(config, arguments.rounds))


def startup(rounds: int, overrides: list[str]) -> None:
    """Times and prints the fixed costs of commands.

    Raises:
        UsageError: there are overrides, which nothing would use.
    """
    if overrides:
        raise UsageError(
            f"{overrides[0]}: --startup times fixed commands and takes no overrides; leave one of them out"
        )
    from rich.console import Console
    from rich.table import Table

    from src.runs.startup import BASELINE, time_commands

    seconds = time_commands(rounds)
    table = Table(title=f"Fixed costs, medians of {rounds} rounds")
    for column in ("command", "seconds", f"relative to {BASELINE}"):
        table.add_column(column, justify="left" if column == "command" else "right")
    for name, times in seconds.items():
        ratio = _median_ratio(times, seconds[BASELINE])
        table.add_row(name, f"{statistics.median(times):.2f}", f"{ratio:.2f}")
    Console(width=120).print(table)


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
