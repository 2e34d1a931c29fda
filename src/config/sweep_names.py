"""Names of sweeps that the user did not name: what they set and vary. The same command finds its folder again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from src.config.identity import MACHINE_KEYS, digest
from src.config.naming import check_name
from src.config.override_checks import choices

MAX_WORDS = 70  # characters of a name before its hash
_MAX_LIST = 36  # characters of a list of values; a longer one is counted
_GROUPS = ("data", "model", "optimizer", "scheduler")  # their choices need no label: `digits-softmax-step+cosine`
_PLURALS = {"data": "data-sets"}
_SHORT = {"optimizer.lr": "lr", "schedulers": "scheduler"}
_KEY = re.compile(r"\w[\w.]*")
_VALUE = re.compile(r"(\d+(\.\d+)?e-)?[\w.]+", re.ASCII)  # what a name can repeat


@dataclass(frozen=True)
class _Part:
    """The words of one override in a name, and whether they say all that it says."""

    words: str
    is_complete: bool


def sweep_name(name: str | None, overrides: Sequence[str]) -> str:
    """`${sweep_name:...}`: `name`, or one that the same command finds again."""
    return automatic_name("multirun", overrides) if name is None else check_name("name", str(name))


def automatic_name(prefix: str, overrides: Iterable[str]) -> str:
    """`benchmark-digits-step+cosine-lr-0.1+0.03-2-seeds`: `prefix` and what the overrides set, in any order.

    Where that does not say everything, as with many values or a long name, a hash of everything follows.

    Args:
        prefix: The name of the experiment or the protocol.
        overrides: What makes this sweep another one, as `key=a,b`. Those that do not identify it are ignored.
    """
    lines = sorted((line for line in overrides if identifies_sweep(_key(line))), key=_order)
    parts = [_part(line) for line in lines]
    if not parts:
        return prefix
    name = "-".join([prefix, *(part.words for part in parts if part.words)])
    is_complete = all(part.is_complete for part in parts) and "-" not in prefix  # a preset named a-b, or a with b
    if is_complete and len(name) <= MAX_WORDS:
        return name
    return f"{_shortened(name)}-{digest([prefix, *sorted(lines)])[:8]}"


def identifies_sweep(key: str) -> bool:
    """Whether an override of `key` makes a different sweep; where and how its runs are executed does not."""
    return key not in MACHINE_KEYS and key != "hydra/launcher" and not key.startswith("hydra.launcher.")


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+~")


def _order(line: str) -> tuple[int, str]:
    """Groups first, seeds last."""
    key = _SHORT.get(_key(line), _key(line))
    return (_GROUPS.index(key) if key in _GROUPS else len(_GROUPS) + _is_seed(key), line)


def _shortened(name: str) -> str:
    """`name` without the words that are too much."""
    if len(name) <= MAX_WORDS:
        return name
    return name[: MAX_WORDS + 1].rpartition("-")[0] or name[:MAX_WORDS]


def _is_seed(key: str) -> bool:
    return key in ("seed", "tuning_seeds", "evaluation_seeds")


def _part(line: str) -> _Part:
    key, text = _key(line), line.partition("=")[2]
    if key.partition(".")[0] == "hydra" or key.startswith("hydra/"):
        return _Part("", is_complete=False)
    if line.startswith("~"):
        return _Part(_plain(f"no-{key.rpartition('.')[2]}"), is_complete=False)
    values = text.split(",")
    words, is_listed = _words(_SHORT.get(key, key), values)
    is_exact = _KEY.fullmatch(line.partition("=")[0]) is not None and all(map(_VALUE.fullmatch, values))
    return _Part(_plain(words), is_complete=is_exact and is_listed)


def _words(key: str, values: list[str]) -> tuple[str, bool]:
    """What a name says of a key and its values, and whether it lists all of them."""
    if len(values) > 1 and _is_seed(key) and values == list(map(str, range(len(values)))):
        return f"{len(values)}-{key.removesuffix('s')}s", True
    text = "+".join(values)
    is_listed = len(text) <= _MAX_LIST
    if key not in _GROUPS:
        return f"{key}-{text if is_listed else f'{len(values)}-values'}", is_listed
    if not is_listed:
        return f"{len(values)}-{_PLURALS.get(key, f'{key}s')}", False
    return text if all(_needs_no_label(key, value) for value in values) else f"{key}-{text}", True


def _needs_no_label(group: str, value: str) -> bool:
    """Whether `value` is one of our choices of this group, and of no other group without a label."""
    return [name for name in _GROUPS if value in choices(name)] == [group]


def _plain(words: str) -> str:
    """`words` with nothing but characters that a name may have."""
    return re.sub(r"[^\w.+-]+", "_", words).replace("-_", "-").rstrip("-_")
