"""A stand-in for torch's compiler, which every optimizer imports and no run uses.

`Optimizer.step` imports `torch._dynamo` for `graph_break`, which does nothing outside compiled code. The import takes
almost as long as that of torch itself, in every process of a sweep.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

_NAME = "torch._dynamo"


class _StandIn(ModuleType):
    """What optimizers use of the compiler; anything else, `torch.compile` for instance, imports the compiler."""

    @staticmethod
    def graph_break(msg: str = "") -> None:
        pass

    @staticmethod
    def disable(fn: Callable[..., Any] | None = None, recursive: bool = True, **_: object) -> Callable[..., Any]:
        """Keeps `fn` from being compiled, which nothing does; without one, a decorator that does."""
        return (lambda function: function) if fn is None else fn

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # asked of all modules by tools that look through them
            raise AttributeError(f"{_NAME} has no {name} before it is imported")
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        return getattr(importlib.import_module(_NAME), name)


def leave_out_compiler() -> None:
    """From now on, optimizers do not import the compiler."""
    sys.modules.setdefault(_NAME, _StandIn(_NAME))
