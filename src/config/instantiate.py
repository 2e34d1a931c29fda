"""Objects from config: a `_target_` is located, its arguments are checked against its signature, it is called."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, Union

from src.errors import UsageError

_RESERVED = ("name", "_target_")
_UNIONS = (Union, types.UnionType)
_LISTS = (list, tuple, Iterable, Sequence)
_EXTRAS = {"pytorch_optimizer": "optimizers", "schedulefree": "optimizers"}  # of pyproject.toml, by package
# torch.optim.lr_scheduler imports these for type checkers alone, so that its annotations name what it has not.
_ABSENT_NAMES = {"Callable": Callable, "Iterable": Iterable, "Sequence": Sequence}


def locate(group: str, config: Mapping[str, Any]) -> Callable[..., Any]:
    """The class or function that `_target_` names."""
    target = config["_target_"]
    package = target.partition(".")[0]
    if package in _EXTRAS and find_spec(package) is None:
        raise UsageError(
            f"{group}={config.get('name', target)} needs {package}, which is not installed: "
            f".venv/bin/pip install -c constraints.txt -e '.[{_EXTRAS[package]}]'"
        )
    try:
        found = _find(target)
    except Exception as error:
        raise UsageError(f"{group}._target_={target}: cannot be found ({_first_line(error)})") from error
    if not callable(found):
        raise UsageError(f"{group}._target_={target}: is a {type(found).__name__}, not a class or a function")
    return typing.cast(Callable[..., Any], found)


def _find(target: str) -> Any:
    """What a dotted path leads to; modules on the way are imported."""
    path, *rest = target.split(".")
    found: Any = import_module(path)
    for part in rest:
        path = f"{path}.{part}"
        is_unloaded = isinstance(found, types.ModuleType) and not hasattr(found, part)
        found = import_module(path) if is_unloaded else getattr(found, part)
    return found


def parameters(config: Mapping[str, Any], *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The arguments among a component's keys."""
    return {key: value for key, value in config.items() if key not in _RESERVED + without}


def build(group: str, target: Callable[..., Any], *positional: Any, **arguments: Any) -> Any:
    """Calls `target`, and turns whatever it has against its arguments into one message."""
    check_arguments(group, target, arguments, given=len(positional))
    hints = type_hints(target)
    try:
        return target(*positional, **{name: _converted(hints.get(name), value) for name, value in arguments.items()})
    except (ArithmeticError, AssertionError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise UsageError(f"{group}: {_name(target)} refuses its parameters: {_first_line(error)}") from error


def check_arguments(group: str, target: Callable[..., Any], arguments: Mapping[str, Any], *, given: int) -> None:
    """Refuses an unknown, a missing or a wrongly typed argument, by name."""
    signature = inspect.signature(target)
    expected = list(signature.parameters.values())[given:]
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in expected)
    named = {p.name: p for p in expected if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    hints = type_hints(target)
    for name, value in arguments.items():
        if name not in named:
            if open_ended:
                continue
            known = f"{_name(target)} takes {', '.join(named)}"
            raise UsageError(f"{group}.{name}: no such parameter; {known} (~{group}.{name} leaves it out)")
        annotation = hints.get(name, named[name].annotation)
        if not matches_type(annotation, value):
            raise UsageError(f"{group}.{name}={value!r}: must be {_readable(annotation)}")
    missing = [p.name for p in named.values() if p.default is p.empty and p.name not in arguments]
    if missing:
        raise UsageError(f"{group}: {_name(target)} needs {', '.join(missing)}; give it as +{group}.{missing[0]}=...")


def matches_type(annotation: Any, value: Any) -> bool:
    """Whether a plain value from YAML fits an annotation; others match everything."""
    origin, options = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return any(matches_type(option, value) for option in options)
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
    if origin in _LISTS:
        return isinstance(value, list | tuple) and all(matches_type(_inner(annotation), item) for item in value)
    if isinstance(annotation, type) and annotation not in (Any, inspect.Parameter.empty):
        # torch's own classes (a Tensor for an lr) never come from YAML.
        return isinstance(value, annotation)
    return True


def type_hints(target: Callable[..., Any]) -> dict[str, Any]:
    """The evaluated annotations of what a class or a function takes."""
    try:
        return typing.get_type_hints(target.__init__ if inspect.isclass(target) else target, localns=_ABSENT_NAMES)
    except Exception:  # a foreign annotation that cannot be evaluated here: its arguments go unchecked
        return {}


def _converted(annotation: Any, value: Any) -> Any:
    """An int where only floats are meant becomes one, as typing has it; some of torch's classes look at the type."""
    alternatives = typing.get_args(annotation) if typing.get_origin(annotation) in _UNIONS else (annotation,)
    if type(value) is int and float in alternatives and int not in alternatives:
        return float(value)
    if isinstance(value, list):
        for alternative in alternatives:
            if typing.get_origin(alternative) in _LISTS and matches_type(alternative, value):
                return [_converted(_inner(alternative), item) for item in value]
    return value


def _inner(annotation: Any) -> Any:
    """What the items of an annotated list are."""
    options = typing.get_args(annotation)
    return options[0] if options else Any


def _readable(annotation: Any) -> str:
    origin, options = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        plain = [
            option for option in options if option in (bool, int, float, str, type(None)) or typing.get_args(option)
        ]
        return " or ".join(dict.fromkeys(map(_readable, plain or options)))
    if origin is Literal:
        return "one of " + ", ".join(map(str, options))
    if origin in _LISTS:
        items = {"a whole number": "whole numbers", "a number": "numbers", "a text": "texts"}
        return " of ".join(filter(None, ("a list", items.get(_readable(_inner(annotation))))))
    words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", type(None): "null"}
    return words.get(annotation, str(annotation))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _name(target: Callable[..., Any]) -> str:
    return getattr(target, "__name__", str(target))
