"""Objects from config: locate a `_target_`, check its arguments against its signature, call it.

Types are checked here and not by pydantic, which in strict mode rejects a YAML list for a tuple (`betas`) and turns
`Iterable[int]` (`milestones`) into an iterator that can be read once: it would need as many special cases.
"""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal

from src.config.extras import check_installed
from src.config.wording import LISTS, UNIONS, as_text, fixed_length, item_type, quoted, type_in_words
from src.errors import UsageError

_RESERVED = ("name", "_target_")
_EXTRAS = {"pytorch_optimizer": "optimizers", "schedulefree": "optimizers"}  # package: extra in pyproject.toml
_REMEDY = "name a class or a function, as in package.module.Name"
# torch.optim.lr_scheduler imports these only for type checkers, so its annotations name what its module lacks.
_ABSENT_NAMES = {"Callable": Callable, "Iterable": Iterable, "Sequence": Sequence}


def locate(group: str, config: Mapping[str, Any]) -> Callable[..., Any]:
    """The class or function that `_target_` names."""
    path = config["_target_"]
    if not isinstance(path, str):
        raise UsageError(f"{group}._target_={as_text(path)}: must be a string; {_REMEDY}")
    package = path.partition(".")[0]
    if package in sys.stdlib_module_names:  # before it is imported: `os.system` of a colleague's YAML must not run
        raise UsageError(f"{group}._target_={path}: Python's standard library has no such part of a run; {_REMEDY}")
    if package in _EXTRAS:
        check_installed(package, f"{group}={config.get('name', path)}", _EXTRAS[package])
    try:
        target = _import(path)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{group}._target_={path}: cannot be found ({_first_line(error)}); {_REMEDY}") from error
    if not callable(target):
        raise UsageError(f"{group}._target_={path}: is a {type(target).__name__}, not a class or a function")
    return typing.cast(Callable[..., Any], target)


def _import(dotted_path: str) -> Any:
    """The object at a dotted path; imports the modules on the way."""
    path, *rest = dotted_path.split(".")
    value: Any = import_module(path)
    for part in rest:
        path = f"{path}.{part}"
        is_unloaded = isinstance(value, types.ModuleType) and not hasattr(value, part)
        value = import_module(path) if is_unloaded else getattr(value, part)
    return value


def parameters(config: Mapping[str, Any], *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The keys of a component that are arguments of its target."""
    return {key: value for key, value in config.items() if key not in _RESERVED + without}


def build(group: str, target: Callable[..., Any], *positional: Any, **arguments: Any) -> Any:
    """Calls `target`; an exception about its arguments becomes a UsageError."""
    check_arguments(group, target, arguments, num_positional=len(positional))
    hints = type_hints(target)
    try:
        return target(*positional, **{name: _converted(hints.get(name), value) for name, value in arguments.items()})
    except (ArithmeticError, AssertionError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        keys = ", ".join(f"{group}.{name}" for name in arguments)
        remedy = f"; change {keys}" if keys else ""
        raise UsageError(f"{group}: {_name(target)} rejects its parameters: {_first_line(error)}{remedy}") from error
    except (AttributeError, ImportError, NameError) as error:
        kind = type(error).__name__
        raise UsageError(
            f"{group}: {_name(target)} fails with {kind}: {_first_line(error)}; correct its code"
        ) from error
    except SystemExit as error:
        raise UsageError(f"{group}: {_name(target)} calls sys.exit({error.code!r}); it must not end the run") from error


def check_arguments(
    group: str, target: Callable[..., Any], arguments: Mapping[str, Any], *, num_positional: int
) -> None:
    """Rejects an unknown, a missing or a wrongly typed argument by name.

    Args:
        group: The config group, for the message.
        target: The class or function to be called.
        arguments: Its keyword arguments.
        num_positional: How many positional arguments will precede them.
    """
    expected = list(_signature(group, target).parameters.values())[num_positional:]
    accepts_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in expected)
    known = {p.name: p for p in expected if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    hints = type_hints(target)
    for name, value in arguments.items():
        if name not in known:
            if accepts_any:
                continue
            accepted = f"{_name(target)} takes {', '.join(known) or 'none'}"
            raise UsageError(f"{group}.{name}: no such parameter; {accepted} (~{group}.{name} removes it)")
        annotation = hints.get(name, known[name].annotation)
        if not matches_type(annotation, value):
            raise UsageError(f"{group}.{name}={quoted(value)}: must be {type_in_words(annotation)}")
    missing = [p.name for p in known.values() if p.default is p.empty and p.name not in arguments]
    if missing:
        raise UsageError(f"{group}: {_name(target)} needs {', '.join(missing)}; add +{group}.{missing[0]}=...")


def _signature(group: str, target: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(target)
    except (TypeError, ValueError) as error:  # as of torch.relu
        raise UsageError(f"{group}: Python does not know the parameters of {_name(target)}; {_REMEDY}") from error


def matches_type(annotation: Any, value: Any) -> bool:
    """Whether a plain value from YAML fits an annotation. An annotation without plain types accepts every value."""
    if annotation is Any:
        return True
    if annotation in (None, type(None)):
        return value is None
    if annotation in (bool, str):
        return isinstance(value, annotation)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if annotation is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    origin, options = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in UNIONS:
        return any(matches_type(option, value) for option in options)
    if origin is Literal:
        return value in options
    if origin is dict:
        item = options[1] if options else Any  # a bare Dict has none
        return isinstance(value, dict) and all(matches_type(item, part) for part in value.values())
    if origin in LISTS:
        is_list = isinstance(value, list | tuple) and len(value) == (fixed_length(annotation) or len(value))
        return is_list and all(matches_type(item_type(annotation), item) for item in value)
    if isinstance(annotation, type) and annotation is not inspect.Parameter.empty:
        # Classes such as torch's Tensor, which never come from YAML.
        return isinstance(value, annotation)
    return True


def type_hints(target: Callable[..., Any]) -> dict[str, Any]:
    """The evaluated annotations of a function's or a constructor's parameters."""
    try:
        return typing.get_type_hints(target.__init__ if inspect.isclass(target) else target, localns=_ABSENT_NAMES)
    except Exception:  # an annotation that cannot be evaluated here: its arguments stay unchecked
        return {}


def _converted(annotation: Any, value: Any) -> Any:
    """Converts an integer to a float where only floats are allowed, also inside lists.

    Some torch classes check the type.
    """
    alternatives = typing.get_args(annotation) if typing.get_origin(annotation) in UNIONS else (annotation,)
    if type(value) is int and float in alternatives and int not in alternatives:
        return float(value)
    if isinstance(value, list):
        for alternative in alternatives:
            if typing.get_origin(alternative) in LISTS and matches_type(alternative, value):
                return [_converted(item_type(alternative), item) for item in value]
    return value


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _name(target: Callable[..., Any]) -> str:
    return getattr(target, "__name__", str(target))
