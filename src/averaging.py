"""Weight averages under the names that configs and users give them."""

from src.training.averaging import EpochAverage, MovingAverage, NoAveraging, WeightAverage

__all__ = ["EpochAverage", "MovingAverage", "NoAveraging", "WeightAverage"]
