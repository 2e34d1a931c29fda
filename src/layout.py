"""File names in the folder of a run and in the folder of a sweep. Imports nothing, so that every package can use it."""

from __future__ import annotations

# A run
RECORD = "result.json"
HISTORY = "history.csv"  # one row per epoch
STEPS = "steps.csv"  # one row per attempted update
CHECKPOINT = "checkpoint.pt"
PREVIOUS_CHECKPOINT = "checkpoint.previous.pt"  # until the run has ended, in case a disk damages the last one
DAMAGED_CHECKPOINT = "checkpoint.damaged.pt"
CONFIG_HASH = ".config_hash"  # claims the folder before there is a record
LOCK = ".lock"  # of a sweep's folder too
HYDRA = ".hydra"
RUN_FILES = (RECORD, HISTORY, STEPS, CHECKPOINT, PREVIOUS_CHECKPOINT, DAMAGED_CHECKPOINT, CONFIG_HASH, LOCK)

# A sweep
SWEEP = "sweep.json"  # command, plan, protocol, state of the code
STOP = ".stop"  # tells workers to stop
RUNS = "runs.csv"
COMPARISON_CSV = "comparison.csv"
COMPARISON_MD = "comparison.md"
COMPARISON_TEX = "comparison.tex"
PAIRWISE = "pairwise.csv"
LR_SENSITIVITY = "lr_sensitivity.csv"
COST_OF_WRONG_LR = "cost_of_wrong_lr.csv"
BUDGET_TABLE = "budget_table.csv"
ACROSS_WORKLOADS = "across_workloads.csv"
FIGURES = "figures"
FIGURE_EVENTS = "events.out.tfevents.0000000000.figures"  # a fixed name, so that a new report replaces the last one
REPORT = "report.html"
REPORT_FILES = (
    RUNS, COMPARISON_CSV, COMPARISON_MD, COMPARISON_TEX, PAIRWISE, LR_SENSITIVITY, COST_OF_WRONG_LR, BUDGET_TABLE,
    ACROSS_WORKLOADS, FIGURE_EVENTS, REPORT,
)  # fmt: skip
SWEEP_FILES = (SWEEP, STOP, LOCK, *REPORT_FILES)
