"""The config groups as `python -m src.train --help` lists them: those that can be chosen there, with their choices."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from omegaconf import DictConfig

_NOT_OF_RUNS = ("hydra", "protocol")
_PRESETS = "experiment"  # replaced by what it stands for, before Hydra sees it


def group_help(*, _root_: DictConfig) -> str:
    """`${group_help:}`: one line per group, `scheduler: constant, cosine`; with `+` if the config has no choice yet."""
    runtime = _root_.hydra.runtime
    choices = group_choices(Path(source.path) for source in runtime.config_sources if source.schema == "file")
    chosen = {*runtime.choices, _PRESETS}
    groups = [group for group in sorted(choices) if group.split("/")[0] not in _NOT_OF_RUNS]
    return "\n".join(f"{'' if group in chosen else '+'}{group}: {', '.join(choices[group])}" for group in groups)


def group_choices(folders: Iterable[Path]) -> dict[str, list[str]]:
    """The choices of every group in folders of configs, also of groups within groups (`hydra/job_logging`)."""
    choices: dict[str, set[str]] = {}
    for folder in folders:
        for path in folder.glob("*/**/*.yaml"):
            choices.setdefault(path.parent.relative_to(folder).as_posix(), set()).add(path.stem)
    return {group: sorted(names) for group, names in choices.items()}
