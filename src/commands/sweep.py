"""Compares learning-rate schedules in many parallel runs; ends in tables, figures and a report.

protocol=NAME tunes every schedule, evaluates it under fresh seeds and tests the differences. Without it, every schedule
runs as configured under every seed. Repeat the command to skip completed runs, resume interrupted ones and retry failed
ones.
"""

from __future__ import annotations

import sys

from src.announce import announcing
from src.commands.help_text import HelpFormatter
from src.config.flags import add_config_dir, with_config_dir
from src.errors import ArgumentParser, ending_in_one_line
from src.user_modules import find_user_modules

USAGE = """\
protocol=NAME          a file in conf/protocol: quick, standard, strict or all_schedules; its fields can be changed
                       (num_lrs=7, budgets=[1,5], tuning_seeds=[1000], evaluation_seeds=[0,1], reference=cosine,
                       max_extensions=0, refine=true, tune_per_seed=true)
experiment=NAME        a file in conf/experiment: schedulers, seeds and overrides to start from (default: benchmark)
schedulers=[a,b]       schedules to compare
seeds=[0,1,2]          seeds, the same for every schedule
reference=NAME         what to compare the others with: a schedule, or a setting as the tables name it, in quotes
                       ("reference=cosine lr=0.1"; default: constant)
lrs={step: 0.1}        peak learning rates of single schedules, in quotes; the others have optimizer.lr
name=NAME              the sweep's folder under outputs/sweeps
hydra/launcher=basic   run one job after another (default: joblib, in parallel)
key=value              any override that `python -m src.train` accepts; key=a,b sweeps over it
"""


def main() -> None:
    parser = ArgumentParser(description=__doc__, epilog=USAGE, formatter_class=HelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="print the plan without running it")
    add_config_dir(parser)
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_intermixed_args()
    with ending_in_one_line():
        find_user_modules()
        with announcing("loading libraries"):
            from src.sweeps.command import sweep  # here, because every joblib worker imports this script again

        overrides = with_config_dir(arguments.config_dir, arguments.overrides)
        sys.exit(sweep(overrides, dry_run=arguments.dry_run))
