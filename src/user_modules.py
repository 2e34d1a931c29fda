"""Modules of the user, which configs name by `_target_`."""

from __future__ import annotations

import sys
from pathlib import Path


def find_user_modules() -> None:
    """Makes the modules in the working folder importable from a script, as `python -m` does by itself."""
    sys.path.insert(0, str(Path.cwd()))
