"""Modules of the user, which configs name by `_target_`."""

from __future__ import annotations

import sys
from pathlib import Path

from src.errors import UsageError


def find_user_modules() -> None:
    """Makes the modules in the working folder importable from any command, as `python -m` does by itself.

    Raises:
        UsageError: the working folder was deleted.
    """
    try:
        folder = str(Path.cwd())
    except FileNotFoundError as error:
        raise UsageError("the working folder was deleted; change to another one, and repeat the command") from error
    if sys.path[:1] != [folder]:
        sys.path.insert(0, folder)


def find_modules_beside(folder: Path) -> None:
    """Makes the modules beside a folder of configs importable, after those that can be found already."""
    if (parent := str(folder.resolve().parent)) not in sys.path:
        sys.path.append(parent)
