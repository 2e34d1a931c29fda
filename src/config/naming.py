"""Names: which are allowed, and the folders of runs, which follow from their overrides."""

from __future__ import annotations

import re

from omegaconf import DictConfig

from src.config.identity import MACHINE_KEYS, digest
from src.errors import UsageError

MAX_NAME = 100  # characters; file systems allow 255 bytes


def keys_outside_label() -> list[str]:
    """`${keys_outside_label:}`: keys left out of a run folder's list of overrides; see `run_path`.

    They appear in the path already or do not change what a run computes.
    """
    return ["data", "model", "optimizer", "scheduler", "seed", *sorted(MACHINE_KEYS)]


def run_path(*, _root_: DictConfig) -> str:
    """`${run_path:}`: the run's folder below outputs/runs or a sweep's runs, with every overridden key in it."""
    names = [check_name(f"{group}.name", _root_[group].name) for group in ("data", "model", "optimizer", "scheduler")]
    label = path_label(_root_.hydra.job.override_dirname)
    return "/".join([*map(path_label, [*names, label]), f"seed={_root_.seed}"])


def check_name(key: str, name: str) -> str:
    """Returns a name that is safe in paths, tables, figures and spreadsheets.

    Raises:
        UsageError: it has other characters than letters, digits and `_.+-`, begins with one of the last three, or is
            too long.
    """
    if not re.fullmatch(r"\w[\w.+-]*", str(name)):
        allowed = "letters, digits and _ . + -, and begin with a letter, a digit or _"
        raise UsageError(f"{key}={name}: must consist of {allowed}")
    if len(name) > MAX_NAME:
        raise UsageError(f"{key}={name[:20]}...: has {len(name)} characters; a name has at most {MAX_NAME}")
    return name


def setting_name(text: str) -> str:
    """The name of a setting (`cosine lr=0.1`) as tables write it: without quotes and repeated spaces."""
    return " ".join(text.strip("'\"").split())


def path_label(text: str) -> str:
    """A folder name for any text: no separators, no quotes, short enough for every file system."""
    label = re.sub(r"[^\w.,=+~@-]", "_", text) or "default"
    return label if len(label) <= 120 else f"{label[:100]}-{digest(text)[:12]}"
