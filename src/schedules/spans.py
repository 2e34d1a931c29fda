"""Checks of a schedule's spans: torch takes any integer, and a wrong one gives a schedule that nobody meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from src.errors import UsageError

# The smallest value of each parameter that counts ticks. At 0 torch divides by zero; below 0 StepLR decays at
# every tick, cosine runs backward, and plateau never waits.
SMALLEST = {
    **dict.fromkeys(("step_size", "step_size_up", "step_size_down", "T_max", "T_0", "T_mult"), 1),
    **dict.fromkeys(("total_iters", "total_steps"), 1),
    **dict.fromkeys(("patience", "cooldown"), 0),
}


def check_spans(target: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Checks spans and milestones of torch's and our own schedules. Those of users may give the names other meanings.

    Raises:
        UsageError: a span is too short, or milestones are not in order.
    """
    if not target.__module__.startswith(("torch.", "src.")):
        return
    for name, smallest in SMALLEST.items():
        if arguments.get(name) is not None and arguments[name] < smallest:
            raise UsageError(f"scheduler.{name}={arguments[name]}: must be at least {smallest}")
    milestones = list(arguments.get("milestones", ()))
    if milestones != sorted(milestones) or any(tick < 1 for tick in milestones):
        raise UsageError(f"scheduler.milestones={milestones}: must be ticks from 1 on in growing order")
