"""The digits are scikit-learn's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from src.data import digits


@pytest.mark.parametrize("is_there", [True, False])
def test_digits_equal_those_of_scikit_learn(is_there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_there:
        monkeypatch.setattr(digits, "_path", lambda: Path("elsewhere.csv.gz"))
    assert digits._path().exists() == is_there
    images, labels = digits.load_digits()
    expected = datasets.load_digits()
    assert np.array_equal(images, expected.images)
    assert np.array_equal(labels, expected.target)
    assert labels.dtype == np.int64
