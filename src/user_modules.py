"""Modules of the user, which configs name by `_target_`."""

from __future__ import annotations

import sys
from pathlib import Path


def find_user_modules() -> None:
    """Makes the modules in the working folder importable from any command, as `python -m` does by itself."""
    if sys.path[:1] != [folder := str(Path.cwd())]:
        sys.path.insert(0, folder)


def find_modules_beside(folder: Path) -> None:
    """Makes the modules beside a folder of configs importable, after those that can be found already."""
    if (parent := str(folder.resolve().parent)) not in sys.path:
        sys.path.append(parent)
