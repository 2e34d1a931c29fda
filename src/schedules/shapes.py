"""Schedules that torch does not have, as pure functions.

`f(t, horizon, **parameters)` is the multiple of the peak learning rate at tick `t` of `horizon`. `end` is the multiple
that is left at the end; a parameter that is called a fraction is one of the run, any other span is in ticks.
"""

from __future__ import annotations

import math


def constant(t: int, horizon: int | None) -> float:
    return 1.0


# --- to the end of the run ------------------------------------------------------------------------------------------


def polynomial(t: int, horizon: int, power: float, end: float) -> float:
    return _between(1.0, end, (1 - _progress(t, horizon)) ** power)


def k_decay(t: int, horizon: int, k: float, end: float) -> float:
    """Cosine on p^k; arXiv 2004.05909."""
    return _between(1.0, end, _cosine(_progress(t, horizon) ** k))


def cosine_cycles(t: int, horizon: int, num_cycles: int, cycle_decay: float, end: float) -> float:
    """Equal cosine cycles, each with `cycle_decay` times the peak of the one before."""
    if num_cycles < 1:
        raise ValueError(f"num_cycles={num_cycles} must be a whole number from 1")
    if t >= horizon:
        return end
    # In whole numbers: num_cycles * (t / horizon) can fall just short of the cycle that it begins.
    cycle, position = divmod(t * num_cycles, horizon)
    return _between(max(end, cycle_decay**cycle), end, _cosine(position / horizon))


def rex(t: int, horizon: int, end: float) -> float:
    """Reflected exponential; arXiv 2107.04197."""
    left = 1 - _progress(t, horizon)
    return _between(1.0, end, left / (0.5 + 0.5 * left))


def tanh(t: int, horizon: int, lower: float, upper: float, end: float) -> float:
    """The stretch from `lower` to `upper` of a falling tanh; arXiv 1806.01593."""
    p = _progress(t, horizon)
    return _between(1.0, end, (1 - math.tanh(lower * (1 - p) + upper * p)) / 2)


# --- flat, then down ------------------------------------------------------------------------------------------------


def wsd(t: int, horizon: int, cooldown: float, shape: str, end: float) -> float:
    """Warmup-stable-decay without its warmup: 1, then down over the last fraction `cooldown`; arXiv 2405.18392."""
    heights = _cooldowns(_since(1 - cooldown, cooldown, t, horizon))
    if shape not in heights:
        raise ValueError(f"shape={shape} is none of {', '.join(heights)}")
    return _between(1.0, end, heights[shape])


def trapezoid(t: int, horizon: int, warmup: float, cooldown: float) -> float:
    """Up over the fraction `warmup`, flat, linearly to 0 over the fraction `cooldown`; arXiv 2106.04560."""
    _check_fractions(warmup, cooldown)
    up = min(1.0, (t + 1) / (warmup * horizon)) if warmup > 0 else 1.0
    return up * (1 - _since(1 - cooldown, cooldown, t, horizon))


def flat_cosine(t: int, horizon: int, start: float, end: float) -> float:
    """1 for the fraction `start` of the run, then a cosine: what is trained with Ranger; fastai fit_flat_cos."""
    return _between(1.0, end, _cosine(_since(start, 1 - start, t, horizon)))


def swa(t: int, horizon: int, start: float, anneal: float, end: float) -> float:
    """1 for the fraction `start`, a cosine over the fraction `anneal` to `end`, which is held; arXiv 1803.05407."""
    return _between(1.0, end, _cosine(_since(start, anneal, t, horizon)))


# --- without an end -------------------------------------------------------------------------------------------------


def inv_scaling(t: int, horizon: int | None, power: float) -> float:
    return float((t + 1) ** -power)


def sqrt(t: int, horizon: int | None) -> float:
    return float((t + 1) ** -0.5)


def factor(t: int, horizon: int | None, gamma: float, floor: float) -> float:
    return float(max(floor, gamma**t))


def inverse_time(t: int, horizon: int | None, rate: float) -> float:
    return 1 / (1 + rate * t)


def inverse_sqrt(t: int, horizon: int | None, timescale: float) -> float:
    return power(t, horizon, timescale, 0.5)


def power(t: int, horizon: int | None, timescale: float, exponent: float) -> float:
    """A power law of the time in units of `timescale`; arXiv 2408.13359."""
    return float((1 + t / timescale) ** -exponent)


def noam(t: int, horizon: int | None, warmup: int) -> float:
    """Linear for `warmup` ticks, then the inverse square root, with 1 where they meet; arXiv 1706.03762."""
    s = t + 1
    return float(math.sqrt(warmup) * min(s**-0.5, s * warmup**-1.5))


# --- parts ----------------------------------------------------------------------------------------------------------


def _progress(t: float, span: float) -> float:
    return min(1.0, max(0.0, t / span))


def _since(start: float, span: float, t: int, horizon: int) -> float:
    """How much of a fraction `span` of the run has gone by since its fraction `start`, from 0 to 1."""
    _check_fractions(start, span)
    begun = t - start * horizon
    return 0.0 if begun <= 0 else _progress(begun, span * horizon) if span > 0 else 1.0


def _cooldowns(q: float) -> dict[str, float]:
    """By the name of a shape, how high a cooldown still is when `q` of it is over; arXiv 2405.18392 compares them."""
    return {
        "linear": 1 - q,
        "cosine": _cosine(q),
        "mirror_cosine": 2 * (1 - q) - _cosine(q),  # the cosine, mirrored at the line
        "one_minus_sqrt": 1 - math.sqrt(q),
        "one_minus_square": 1 - q * q,
        "exponential": (0.01**q - 0.01) / 0.99,  # by a factor of 100, shifted down to end at 0
    }


def _check_fractions(*values: float) -> None:
    for value in values:
        if not 0 <= value <= 1:
            raise ValueError(f"{value:g} is no fraction of the run, which is from 0 to 1")


def _between(top: float, end: float, height: float) -> float:
    return end + (top - end) * height


def _cosine(q: float) -> float:
    return (1 + math.cos(math.pi * q)) / 2
