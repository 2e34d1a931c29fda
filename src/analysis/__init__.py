"""Run records become tables, figures and a report. Never imports the trainer.

In a notebook, `load(FOLDER)` gives the runs and their series as tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from src.analysis.notebook import load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    """Imports `load`, and pandas with it, only when it is asked for."""
    if name != "load":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from src.analysis import notebook

    return notebook.load
