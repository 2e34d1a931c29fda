"""Whether the files that a report would replace are those of an earlier one. Imports little: every sweep asks."""

from __future__ import annotations

import re
from pathlib import Path

from src import layout
from src.errors import UsageError

_COLUMNS = ({"dataset", "model", "optimizer"}, {"scheduler", "mean_rank"})  # every table has those of one of the sets


def check_own_files(folder: Path) -> None:
    """Keeps a report from replacing or deleting what it did not write. `check_files` comes first.

    Raises:
        UsageError: a file of the user's has the name of one of a report.
    """
    files = [folder / name for name in layout.REPORT_FILES if (folder / name).exists()]
    tables = [path for path in files if path.suffix == ".csv" and _is_table(path)]
    others = [path for path in files if path not in tables]
    is_own_folder = bool(tables) or (folder / layout.SWEEP).exists()  # a report writes tables first
    foreign = [path for path in others if path.suffix == ".csv" or not is_own_folder]
    if foreign:
        raise UsageError(
            f"{foreign[0]} is not from a report, which would replace it; move it away or choose another folder"
        )


def _is_table(path: Path) -> bool:
    """Whether the file has the header of a table, also as a spreadsheet saves it."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            columns = {name.strip(' "') for name in re.split("[,;]", file.readline().strip())}
    except UnicodeDecodeError:
        return False
    except OSError:
        return True  # who replaces it says what is wrong
    return any(names <= columns for names in _COLUMNS)
