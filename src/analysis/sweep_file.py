"""`sweep.json` as a sweep wrote it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from src import layout

log = logging.getLogger(__name__)


def read_sweep_file(folder: Path) -> dict[str, Any]:
    """The command, plan and protocol of the sweep in `folder`; empty if there is no readable file."""
    path = folder / layout.SWEEP
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read (%s): all runs in the folder are included, planned or not", path, error)
        return {}
    return content if isinstance(content, dict) else {}
