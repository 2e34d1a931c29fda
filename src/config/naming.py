"""Names of run and sweep folders, derived from the overrides: the same command finds its folder again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from omegaconf import DictConfig

from src.config.identity import MACHINE_KEYS, digest
from src.errors import UsageError

MAX_NAME = 100  # characters; file systems allow 255 bytes


def identifies_sweep(key: str) -> bool:
    """Whether an override of `key` makes a different sweep; where and how its runs are executed does not."""
    return key not in MACHINE_KEYS and key != "hydra/launcher" and not key.startswith("hydra.launcher.")


def automatic_name(prefix: str, overrides: Iterable[str], settings: Iterable[str] = ()) -> str:
    """`prefix` and a hash of `settings` and of the overrides that identify the sweep, in any order."""
    identifying = sorted(line for line in overrides if identifies_sweep(_key(line)))
    return f"{prefix}-{digest([*settings, *identifying])[:8]}"


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


def sweep_name(name: str | None, overrides: Sequence[str]) -> str:
    """`${sweep_name:...}`: `name`, or one that the same command finds again."""
    return automatic_name("multirun", overrides) if name is None else check_name("name", str(name))


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


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")
