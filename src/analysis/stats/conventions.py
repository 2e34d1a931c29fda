"""Significance level, confidence level and rounding that all statistics share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALPHA = 0.05
CONFIDENCE = 0.95
MIN_DATA_SETS = 6  # fewer data sets are too few to test ranks
DECIMALS = 15  # more than any accuracy has; anything smaller is rounding error of a difference
