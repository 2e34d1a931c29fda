"""Schedules that torch does not have, as pure functions.

`f(t, horizon, **parameters)` is the multiple of the peak learning rate at tick `t` of `horizon`.
"""

from __future__ import annotations


def constant(t: int, horizon: int | None) -> float:
    return 1.0
