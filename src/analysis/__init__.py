"""Run records become tables, figures and a report. Never imports the trainer.

In a notebook, `load(FOLDER)` gives the runs and their series as tables.
"""

from src.analysis.notebook import load

__all__ = ["load"]
