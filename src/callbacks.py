"""`Callback` under the name that users subclass."""

from src.training.callbacks import Callback

__all__ = ["Callback"]
