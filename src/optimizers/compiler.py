"""A stand-in for torch's compiler, which every optimizer imports and no run uses.

`Optimizer.step` imports `torch._dynamo` for `graph_break`, which does nothing outside compiled code. The import takes
almost as long as that of torch itself, in every process of a sweep.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
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
        if not _may_have(name):
            raise AttributeError(f"{_NAME} has no {name} before it is imported")
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        return getattr(importlib.import_module(_NAME), name)


@functools.cache
def _may_have(name: str) -> bool:
    """Whether the compiler may have the name, found out without importing it.

    Tools that look through all modules ask each of them, picklers for the name of whatever they pickle.
    """
    if name.startswith("__"):
        return name == "__path__"
    torch = importlib.util.find_spec("torch")
    source = Path(str(torch and torch.origin)).with_name("_dynamo") / "__init__.py"
    if not source.exists():
        return True
    is_module = source.with_name(name).exists() or source.with_name(f"{name}.py").exists()
    return is_module or re.search(rf"\b{re.escape(name)}\b", source.read_text()) is not None


def leave_out_compiler() -> None:
    """From now on, optimizers do not import the compiler."""
    sys.modules.setdefault(_NAME, _StandIn(_NAME))
