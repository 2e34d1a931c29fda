"""Objects from config: a `_target_` is located, its arguments are checked against its signature, it is called."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, Union

from hydra.utils import get_object

from src.errors import UsageError

_RESERVED = ("name", "_target_")


def locate(group: str, config: Mapping[str, Any]) -> Callable[..., Any]:
    """The class or function that `_target_` names."""
    target = config["_target_"]
    try:
        found = get_object(target)
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{group}._target_={target}: cannot be found ({reason})") from error
    if not callable(found):
        raise UsageError(f"{group}._target_={target}: is a {type(found).__name__}, not a class or a function")
    return typing.cast(Callable[..., Any], found)


def parameters(config: Mapping[str, Any], *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The arguments among a component's keys."""
    return {key: value for key, value in config.items() if key not in _RESERVED + without}


def build(group: str, target: Callable[..., Any], *positional: Any, **arguments: Any) -> Any:
    """Calls `target`, and turns whatever it has against its arguments into one message."""
    check_arguments(group, target, arguments, given=len(positional))
    try:
        return target(*positional, **arguments)
    except (ArithmeticError, AssertionError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"{group}: {getattr(target, '__name__', target)} refuses its parameters: {reason}") from error


def check_arguments(group: str, target: Callable[..., Any], arguments: Mapping[str, Any], *, given: int) -> None:
    """Refuses an unknown, a missing or a wrongly typed argument, by name."""
    signature = inspect.signature(target)
    expected = list(signature.parameters.values())[given:]
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in expected)
    named = {p.name: p for p in expected if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    hints = _hints(target)
    for name, value in arguments.items():
        if name not in named:
            if open_ended:
                continue
            raise UsageError(f"{group}.{name}: no such parameter; {_name(target)} takes {', '.join(named)}")
        annotation = hints.get(name, named[name].annotation)
        if not admits(annotation, value):
            raise UsageError(f"{group}.{name}={value!r}: must be {_readable(annotation)}")
    missing = [p.name for p in named.values() if p.default is p.empty and p.name not in arguments]
    if missing:
        raise UsageError(f"{group}: {_name(target)} needs {', '.join(missing)}; give it as +{group}.{missing[0]}=...")


def admits(annotation: Any, value: Any) -> bool:
    """Whether a plain value from YAML fits an annotation; an annotation that says nothing plain admits everything."""
    origin, options = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (Union, types.UnionType):
        return any(admits(option, value) for option in options)
    if origin is Literal:
        return value in options
    if annotation in (None, type(None)):
        return value is None
    if annotation in (bool, str):
        return isinstance(value, annotation)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if annotation is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if origin in (list, tuple):
        inner = options[0] if options else Any
        return isinstance(value, list | tuple) and all(admits(inner, item) for item in value)
    if isinstance(annotation, type) and annotation is not inspect.Parameter.empty:
        # torch's own classes (a Tensor for an lr) never come from YAML.
        return isinstance(value, annotation) or annotation is object
    return True


def _hints(target: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(target.__init__ if inspect.isclass(target) else target)
    except Exception:  # a foreign annotation that cannot be evaluated here: its arguments go unchecked
        return {}


def _readable(annotation: Any) -> str:
    options = typing.get_args(annotation)
    if typing.get_origin(annotation) in (Union, types.UnionType):
        plain = [
            option for option in options if option in (bool, int, float, str, type(None)) or typing.get_args(option)
        ]
        return " or ".join(map(_readable, plain or options))
    if typing.get_origin(annotation) is Literal:
        return "one of " + ", ".join(map(str, options))
    if typing.get_origin(annotation) in (list, tuple):
        return "a list"
    words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", type(None): "null"}
    return words.get(annotation, str(annotation))


def _name(target: Callable[..., Any]) -> str:
    return getattr(target, "__name__", str(target))
