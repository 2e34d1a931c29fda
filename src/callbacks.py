"""Callbacks under the names that users write: the base class, and loggers that need an extra."""

from src.training.callbacks import Callback
from src.training.loggers import MLflow, WandB

__all__ = ["Callback", "MLflow", "WandB"]
