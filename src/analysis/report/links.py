"""Links from the report page to files."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def relative_link(path: Path, folder: Path) -> str:
    """The URL of `path` relative to the page's folder, so that the page and its files can be moved together."""
    return quote(os.fsencode(Path(os.path.relpath(path, folder)).as_posix()))  # not every name is text
