"""Links to runs under short names, for TensorBoard: it calls a run by its path, of which its column shows the start."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from src import layout
from src.analysis.sweep_file import read_sweep_file

EVENTS = "events.out.tfevents.*"
# Words instead of parts of a path.
_WORDS = {"read_test=false": "tuning", "default": "", "sweeps": "", ".": ""}


class RunLinks:
    """A folder of links to all runs below `root`, to which `update` adds new ones.

    A link is called by the parts of the run's path that not all runs share: `cosine lr=0.05 seed=0`.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self._root, self._folder = root.absolute(), folder
        self._shared: set[str] = set()
        self._linked: set[Path] = set()

    def update(self) -> None:
        folders = {path.parent if path.name != layout.FIGURE_EVENTS else path for path in self._root.rglob(EVENTS)}
        new = sorted(folders - self._linked)
        if not self._linked:
            planned = [Path(job["folder"]) for job in read_sweep_file(self._root).get("jobs") or []]
            runs = [path.relative_to(self._root) for path in new if path.name != layout.FIGURE_EVENTS]
            self._shared = shared_parts([*runs, *planned])
        for path in new:
            self._link(path)
        self._linked |= set(new)

    def _link(self, path: Path) -> None:
        """Links the folder of a run, or the event file of a report, which has runs beside it."""
        if path.name != layout.FIGURE_EVENTS:
            self._free(self._name(path) or path.name).symlink_to(path, target_is_directory=True)
            return
        folder = self._free(f"{self._name(path.parent)} report".strip())
        folder.mkdir()
        (folder / path.name).symlink_to(path)

    def _name(self, folder: Path) -> str:
        return " ".join(part for part in path_parts(folder.relative_to(self._root)) if part not in self._shared)

    def _free(self, name: str) -> Path:
        """The name, with a number if another run has it."""
        names = (name if number == 1 else f"{name} {number}" for number in range(1, 10_000))
        return next(path for path in (self._folder / name for name in names) if not path.exists())


def path_parts(path: Path) -> list[str]:
    """`digits/cosine/epochs=3,optimizer.lr=0.05/seed=0` as digits, cosine, epochs=3, lr=0.05 and seed=0."""
    parts = [re.sub(r"^[\w.]*\.(\w+=)", r"\1", part) for part in re.split("[/,]", path.as_posix())]
    return [word for part in parts if (word := _WORDS.get(part, part))]


def shared_parts(paths: Iterable[Path]) -> set[str]:
    """The parts that all paths have."""
    parts = [set(path_parts(path)) for path in paths]
    return set.intersection(*parts) if parts else set()
