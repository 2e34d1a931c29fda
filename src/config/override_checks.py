"""Checks of single overrides that Hydra accepts or rejects without saying what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, Glob, Override, QuotedString, ValueType

from src.config import CONF
from src.config.search_path import check_search_path
from src.config.suggestions import did_you_mean, similar
from src.config.user_configs import config_places
from src.errors import UsageError
from src.program import command_line

MERGED = ("callbacks",)  # groups of which a run may have several choices
_PLUGINS = ("hydra.launcher", "hydra.sweeper")
_PARAMS = "hydra.sweeper.params"
_OF_SWEEPS = {  # keys with examples
    "protocol": ["protocol=quick"],
    "lrs": ["schedulers=[step,cosine]", "lrs={step: 0.1}"],
}
OF_PROTOCOLS = (
    "num_lrs", "max_extensions", "refine", "tuning_seeds", "evaluation_seeds", "tune_per_seed", "budgets",
)  # fmt: skip
_KEYS_OF_SWEEPS = ("schedulers", "seeds", *_OF_SWEEPS, *OF_PROTOCOLS)


def check_form(line: str) -> None:
    """Rejects a stray word, with what it may have been meant for.

    Raises:
        UsageError: it is neither `key=value` nor `~key`.
    """
    if "=" not in line and not line.startswith("~"):
        raise UsageError(f"{line or repr(line)}: must be key=value; {_remedy(line)}")


def check_override(override: Override, overrides: Sequence[str], *, takes_lists: bool = False) -> None:
    """Rejects what Hydra would accept without a word, or refuse without naming a remedy.

    Args:
        override: As Hydra parses it.
        overrides: The whole command line, which may name folders of configs.
        takes_lists: Allow lists of choices, whose files Hydra would merge.

    Raises:
        UsageError: a group has no choice, a folder of `hydra.searchpath` does not exist, or values are given in a
            form that sweeps do not take.
    """
    key, line = override.key_or_group, override.input_line
    if not key:
        raise UsageError(f"{line}: has no key; write key=value")
    if (CONF / key).is_dir() or "/" in key or key in _PLUGINS:
        _check_choice(override, overrides, takes_lists)
    elif key == "hydra.searchpath":
        check_search_path(override.value())
    elif key.startswith(_PARAMS) and override.value() is not None:
        raise UsageError(f"{line}: only `python -m src.train -m` takes {_PARAMS}; give the values as key=a,b")
    elif override.value_type == ValueType.INTERVAL_SWEEP:
        raise UsageError(f"{line}: an interval has no list of values; give one, as in optimizer.lr=0.1,0.03")


def check_group(line: str, overrides: Sequence[str]) -> None:
    """Rejects a group without a choice, and a list of choices, which Hydra would merge into one.

    Args:
        line: One of the overrides.
        overrides: The whole command line, which may name folders of configs.

    Raises:
        UsageError: names the group.
    """
    group, _, value = line.lstrip("+~").partition("=")
    is_single = group not in MERGED and (line.startswith("~") or value.startswith("["))
    if is_single and (names := choices(group, config_places(overrides))):
        raise UsageError(f"{line}: a run has one {group}; choose one of {', '.join(names)}")


def check_owner(line: str) -> None:
    """Rejects what only another command takes.

    Raises:
        UsageError: names that command.
    """
    key, _, value = line.lstrip("+").partition("=")
    if key == "experiment" and line.startswith("+"):
        raise UsageError(f"{line}: write {key}={value}")
    if key == "experiment":
        raise UsageError(f"{line}: only {command_line('train')} and {command_line('sweep')} take it")
    if key in _OF_SWEEPS:
        raise UsageError(f"{line}: only a sweep takes it, as in {command_line('sweep', *_OF_SWEEPS[key])}")
    if key in OF_PROTOCOLS:
        raise UsageError(f"{line}: only a protocol has it, as in {command_line('sweep', 'protocol=quick')} {key}=...")


def choices(group: str, folders: Iterable[Path] = (CONF,)) -> list[str]:
    """The choices of a group in folders of configs."""
    return sorted({path.stem for folder in folders for path in folder.glob(f"{group}/*.yaml")})


def _check_choice(override: Override, overrides: Sequence[str], takes_lists: bool) -> None:
    """Rejects a choice that is not a name."""
    if override.is_delete():
        return
    value: Any = override.value()
    if not (takes_lists and isinstance(value, list)):
        check_group(str(override.input_line), overrides)
    values = value.list if isinstance(value, ChoiceSweep) else value if isinstance(value, list) else [value]
    if all(map(_can_be_choice, values)):
        return
    names = choices(override.key_or_group, config_places(overrides))
    if names or None in values:
        remedy = f"choose one of {', '.join(names)}" if names else "name a choice, or leave it out"
        raise UsageError(f"{override.input_line}: {remedy}")


def _can_be_choice(value: object) -> bool:
    """Whether a value could name a file of a group. Hydra would also load those of other groups, by their paths."""
    return isinstance(value, QuotedString | Glob) or (isinstance(value, str) and ".." not in value)


def _remedy(word: str) -> str:
    """What to write instead of a stray word."""
    groups = [path.name for path in sorted(CONF.iterdir()) if path.is_dir() and path.name != "hydra"]
    names = {f"{group}={name}": name for group in groups for name in choices(group)}
    close = similar(word, names.values(), cutoff=0.75)
    if close and word not in _KEYS_OF_SWEEPS:  # `schedulers` is similar to protocol=all_schedules
        return did_you_mean(text for text, name in names.items() if name in close)
    return f"give {word}=VALUE" if word.isidentifier() else "for example epochs=10"
