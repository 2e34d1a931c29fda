"""What a command line can go on with, for tab completion: commands, flags, folders, keys and their values.

A candidate that ends in a space is a complete word; one that does not can be continued.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from src.commands import lr_find, preview, report
from src.config.compose import composed, composing, parsed, search_path
from src.config.flags import SUPPORTED, with_config_dir
from src.config.group_help import group_choices
from src.config.override_checks import OF_PROTOCOLS
from src.config.resolvers import AUTO
from src.config.schema import INTERVALS, PRECISIONS
from src.config.search_path import local_folders
from src.config.user_configs import config_folders
from src.errors import UsageError

FLAGS: dict[str, tuple[str, ...]] = {
    "train": ("-m", "-cd", *SUPPORTED),
    "sweep": ("-cd", "--config-dir", "--dry-run", "--help"),
    "report": ("--help",),
    "preview": ("-cd", "--config-dir", "--terminal", "--help"),
    "lr-find": ("-cd", "--config-dir", "--help"),
    "board": ("--port", "--host", "--help"),
    "speed": ("-cd", "--config-dir", "--lockstep", "--rounds", "--startup", "--help"),
    "completion": ("--help",),
}
KEYS: dict[str, tuple[str, ...]] = {  # of the command, beside those of a run
    "train": ("experiment", "reference"),
    "sweep": ("experiment", "protocol", "schedulers", "seeds", "lrs", "reference"),
    "report": tuple(key.rstrip("=") for key in report.KEYS),
    "preview": preview.KEYS,
    "lr-find": lr_find.KEYS,
}
_OF_FOLDERS = ("report", "board")
_SHELLS = ("bash", "zsh")
_DIR_FLAGS = ("-cd", "--config-dir")
_LAUNCHER = "hydra/launcher"
_GROUP_OF = {"schedulers": "scheduler", "reference": "scheduler"}  # keys whose values are choices of a group
_SINGLE = ("experiment", "protocol", "reference", _LAUNCHER)  # keys that take one value, also in a sweep
_PRESETS = {"experiment", "protocol"}  # groups that Hydra does not see
_INTERNAL = ("lr_requested",)  # keys that a run sets itself
_VALUES: dict[str, Sequence[str]] = {
    "optimizer.lr": (AUTO,),
    "interval": INTERVALS,
    "lockstep": (AUTO,),
    "trainer.precision": PRECISIONS,
    "trainer.device": ("auto", "cpu", "cuda"),
}


def candidates(words: Sequence[str]) -> list[str]:
    """The words that the last of `words` can be completed to.

    Args:
        words: The command line up to the cursor: `schedbench COMMAND ...`, `python -m src.train ...` or
            `python scripts/NAME.py ...`. The last one may be empty.
    """
    command, arguments = _split(words)
    if not arguments:
        return [f"{name} " for name in FLAGS if name.startswith(command)]
    *earlier, current = [word.lstrip("'\"") for word in arguments]
    return [word for word in _words(command, earlier, current) if word.startswith(current)]


def _split(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The command and its arguments."""
    if list(words[1:3]) == ["-m", "src.train"]:
        return "train", words[3:]
    name = words[1].removesuffix(".py")
    return (words[1] if name == words[1] else Path(name).name.replace("_", "-")), words[2:]


def _words(command: str, earlier: Sequence[str], current: str) -> Iterator[str]:
    if earlier and earlier[-1] in _DIR_FLAGS:
        yield from _folders(current)
    elif current.startswith("-"):
        yield from (f"{flag} " for flag in FLAGS.get(command, ()))
    elif command == "completion":
        yield from (f"{shell} " for shell in _SHELLS)
    elif command in _OF_FOLDERS:
        yield from _folders(current)
        yield from (f"{key}=" for key in KEYS.get(command, ()))
    elif command in FLAGS:
        line = _Line(command, earlier)
        yield from line.values(current) if "=" in current else line.keys(current)


def _folders(prefix: str) -> list[str]:
    return sorted(f"{path}/" for path in glob.glob(f"{glob.escape(prefix)}*") if Path(path).is_dir())  # noqa: PTH207


class _Line:
    """A command line of overrides, with the words before the one to be completed."""

    def __init__(self, command: str, earlier: Sequence[str]) -> None:
        self.takes_lists = command in ("sweep", "preview") or bool({"-m", "--multirun"} & set(earlier))
        self.own_keys = KEYS.get(command, ())
        if any(word.startswith("protocol=") for word in earlier):
            self.own_keys = (*self.own_keys, *OF_PROTOCOLS)
        overrides = [word for word in earlier if "=" in word and not word.startswith("-")]
        flags = [index for index, word in enumerate(earlier[:-1]) if word in _DIR_FLAGS]
        folder = earlier[flags[-1] + 1] if flags else None
        self.search_path = search_path(with_config_dir(folder, overrides))
        places = [override.value() for override in parsed(self.search_path)]
        self.groups = group_choices([*config_folders(), *(path for place in places for path in local_folders(place))])
        self.chosen = [word for word in overrides if word.partition("=")[0] in self.groups.keys() - _PRESETS]

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys of the command, groups, and keys of the config up to the next dot."""
        tree = self._config()
        if prefix.startswith("+"):
            added = [group for group in self.groups if not tree.get(group) and "/" not in group]
            yield from (f"+{group}=" for group in sorted(added) if group not in _PRESETS)
            return
        if "." not in prefix:
            yield from (f"{key}=" for key in (*self.own_keys, _LAUNCHER))
            yield from (f"{group}=" for group in self.groups if tree.get(group))
        yield from _keys_below(tree, prefix.rpartition(".")[0])

    def values(self, prefix: str) -> Iterator[str]:
        """`scheduler=cosine`, `scheduler=step,cosine` or `schedulers=[step,cosine`."""
        key, _, text = prefix.partition("=")
        if key == "schedulers" and not text.startswith("["):
            text = "["  # nothing matches a list without a bracket
        is_list = self.takes_lists and key not in _SINGLE
        head, end = (text[: max(text.rfind(","), text.rfind("[")) + 1], "") if is_list else ("", " ")
        given = head.lstrip("[").split(",")
        yield from (f"{key}={head}{value}{end}" for value in self._choices(key.lstrip("+")) if value not in given)

    def _choices(self, key: str) -> Sequence[str]:
        if key == _LAUNCHER:
            with composing():
                return list(GlobalHydra.instance().config_loader().get_group_options(_LAUNCHER))
        group = _GROUP_OF.get(key, key)
        if group in self.groups:
            return self.groups[group]
        is_flag = isinstance(_value(self._config(), key), bool)
        return ("true", "false") if is_flag else _VALUES.get(key, ())

    def _config(self) -> dict[str, Any]:
        """The config with the groups that were chosen so far; of several choices, the first."""
        with composing():
            try:
                config = composed([*self.search_path, *(word.partition(",")[0] for word in self.chosen)])
            except UsageError:  # a choice is wrong
                config = composed(self.search_path)
        return dict(OmegaConf.to_container(config))  # type: ignore[arg-type]


def _keys_below(tree: object, parent: str) -> Iterator[str]:
    below = _value(tree, parent)
    for name, value in below.items() if isinstance(below, dict) else ():
        if value != {} and name not in _INTERNAL:
            yield f"{parent}.{name}".lstrip(".") + ("." if isinstance(value, dict) else "=")


def _value(tree: object, key: str) -> object:
    """The value of a key with dots; None without one."""
    for name in key.split(".") if key else ():
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree
