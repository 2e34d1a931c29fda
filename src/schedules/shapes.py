"""Schedules that torch does not have, as pure functions.

`f(t, horizon, **parameters)` returns the multiplier of the peak learning rate at tick `t` of a run of `horizon` ticks.
`end` is the multiplier at the end of the run; T in a formula is the horizon. Parameters described as fractions are
fractions of the run; all other spans are in ticks.
"""

from __future__ import annotations

import math


def constant(t: int, horizon: int | None) -> float:
    """The peak learning rate throughout."""
    return 1.0


# --- decay over the whole run ---------------------------------------------------------------------------------------


def polynomial(t: int, horizon: int, power: float, end: float) -> float:
    """(1 - t/T)^power; arXiv 1506.04579."""
    return _between(1.0, end, (1 - _progress(t, horizon)) ** power)


def k_decay(t: int, horizon: int, k: float, end: float) -> float:
    """Cosine decay of (t/T)^k; arXiv 2004.05909."""
    return _between(1.0, end, _cosine(_progress(t, horizon) ** k))


def cosine_cycles(t: int, horizon: int, num_cycles: int, cycle_decay: float, end: float) -> float:
    """Cosine cycles of equal length; each peak is `cycle_decay` times the previous one."""
    if num_cycles < 1:
        raise ValueError(f"num_cycles={num_cycles} must be at least 1")
    if t >= horizon:
        return end
    # Integer arithmetic: num_cycles * (t / horizon) can round down to the previous cycle where a new one begins.
    cycle, position = divmod(t * num_cycles, horizon)
    return _between(max(end, cycle_decay**cycle), end, _cosine(position / horizon))


def rex(t: int, horizon: int, end: float) -> float:
    """Reflected exponential; arXiv 2107.04197."""
    remaining = 1 - _progress(t, horizon)
    return _between(1.0, end, remaining / (0.5 + 0.5 * remaining))


def tanh(t: int, horizon: int, lower: float, upper: float, end: float) -> float:
    """Falling tanh over the interval from `lower` to `upper`; arXiv 1806.01593."""
    p = _progress(t, horizon)
    return _between(1.0, end, (1 - math.tanh(lower * (1 - p) + upper * p)) / 2)


# --- hold, then decay -----------------------------------------------------------------------------------------------


def wsd(t: int, horizon: int, cooldown: float, shape: str, end: float) -> float:
    """Warmup-stable-decay without the warmup: 1, then a decay over the last fraction `cooldown`; arXiv 2405.18392."""
    heights = _cooldown_heights(_phase_progress(1 - cooldown, cooldown, t, horizon))
    if shape not in heights:
        raise ValueError(f"shape={shape} must be one of {', '.join(heights)}")
    return _between(1.0, end, heights[shape])


def trapezoid(t: int, horizon: int, warmup: float, cooldown: float) -> float:
    """Linear ramp over the fraction `warmup`, 1, linear decay to 0 over the last `cooldown`; arXiv 2106.04560."""
    _check_fractions(warmup, cooldown)
    ramp = min(1.0, (t + 1) / (warmup * horizon)) if warmup > 0 else 1.0
    return min(ramp, 1 - _phase_progress(1 - cooldown, cooldown, t, horizon))


def flat_cosine(t: int, horizon: int, start: float, end: float) -> float:
    """1 until the fraction `start` of the run, then a cosine decay, as used with Ranger; fastai fit_flat_cos."""
    return _between(1.0, end, _cosine(_phase_progress(start, 1 - start, t, horizon)))


def swa(t: int, horizon: int, start: float, anneal: float, end: float) -> float:
    """1 until the fraction `start`, a cosine over the fraction `anneal` down to `end`, then `end`; arXiv 1803.05407."""
    return _between(1.0, end, _cosine(_phase_progress(start, anneal, t, horizon)))


# --- independent of the horizon -------------------------------------------------------------------------------------


def inv_scaling(t: int, horizon: int | None, power: float) -> float:
    """(t + 1)^-power; scikit-learn's invscaling."""
    return float((t + 1) ** -power)


def sqrt(t: int, horizon: int | None) -> float:
    """(t + 1)^-1/2; d2l.ai, section 12.11."""
    return float((t + 1) ** -0.5)


def factor(t: int, horizon: int | None, gamma: float, floor: float) -> float:
    """gamma^t, but never below `floor`; d2l.ai, section 12.11."""
    return float(max(floor, gamma**t))


def inverse_time(t: int, horizon: int | None, rate: float) -> float:
    """1 / (1 + rate t); Keras's time-based decay."""
    return 1 / (1 + rate * t)


def inverse_sqrt(t: int, horizon: int | None, timescale: float) -> float:
    """(1 + t/timescale)^-1/2; arXiv 2106.04560."""
    return power(t, horizon, timescale, 0.5)


def power(t: int, horizon: int | None, timescale: float, exponent: float) -> float:
    """(1 + t/timescale)^-exponent; arXiv 2408.13359."""
    return float((1 + t / timescale) ** -exponent)


def noam(t: int, horizon: int | None, warmup: int) -> float:
    """Linear ramp to 1 over `warmup` ticks, then inverse square root decay; arXiv 1706.03762."""
    s = t + 1
    return float(math.sqrt(warmup) * min(s**-0.5, s * warmup**-1.5))


# --- building blocks ------------------------------------------------------------------------------------------------


def _progress(t: float, span: float) -> float:
    """`t / span`, clipped to [0, 1]."""
    return min(1.0, max(0.0, t / span))


def _phase_progress(start: float, length: float, t: int, horizon: int) -> float:
    """Completed fraction of the phase that begins at `start` and takes `length`, both fractions of the run."""
    _check_fractions(start, length)
    elapsed = t - start * horizon
    return 0.0 if elapsed <= 0 else _progress(elapsed, length * horizon) if length > 0 else 1.0


def _cooldown_heights(q: float) -> dict[str, float]:
    """Height of every cooldown shape, from 1 to 0, once the fraction `q` has passed; arXiv 2405.18392 compares them."""
    return {
        "linear": 1 - q,
        "cosine": _cosine(q),
        "mirror_cosine": 2 * (1 - q) - _cosine(q),  # the cosine, mirrored across the linear cooldown
        "one_minus_sqrt": 1 - math.sqrt(q),
        "one_minus_square": 1 - q * q,
        "exponential": (0.01**q - 0.01) / 0.99,  # decay by a factor of 100, shifted and scaled to end at 0
    }


def _check_fractions(*values: float) -> None:
    for value in values:
        if not 0 <= value <= 1:
            raise ValueError(f"{value:g} is not a fraction of the run; it must be from 0 to 1")


def _between(top: float, end: float, height: float) -> float:
    """Maps a height from [0, 1] to [end, top]."""
    return end + (top - end) * height


def _cosine(q: float) -> float:
    """Half a cosine wave: 1 at q = 0, 0 at q = 1."""
    return (1 + math.cos(math.pi * q)) / 2
