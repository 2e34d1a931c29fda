"""scikit-learn's digits, which need no download."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def load_digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """`sklearn.datasets.load_digits` without importing scikit-learn, which takes as long as importing torch.

    Returns:
        Images of shape (1797, 8, 8) with values from 0 to 16, and their labels.
    """
    path = _path()
    if not path.exists():  # a version of scikit-learn that keeps its file elsewhere
        from sklearn import datasets

        bundle = datasets.load_digits()
        return bundle.images, bundle.target
    table = np.loadtxt(path, delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(np.int64)


def _path() -> Path:
    spec = find_spec("sklearn")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
