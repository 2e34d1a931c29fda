"""Errors of Hydra and OmegaConf, reworded as one-line usage errors. The patterns are those of hydra-core 1.3.8."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException

from src.errors import UsageError

_NO_KEY = re.compile(r"^Could not override '(.+?)'\.( To append.*)?$")
_MERGING = "Error merging override "
_SEVERAL_VALUES = re.compile(r"^(?:Ambiguous value for argument|Sweep parameters) '(.+?)' .*$")
_INTERNAL = ("full_key", "object_type", "reference_type", "See https", "To append to your")


@contextmanager
def rewording_errors() -> Iterator[None]:
    """Turns the exceptions of Hydra and OmegaConf into a one-line UsageError."""
    try:
        yield
    except MissingConfigException as error:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        choices = f"{group}={choice}: choose one of {', '.join(error.options)}" if error.options else one_line(error)
        raise UsageError(choices) from error
    except OverrideParseException as error:
        remedy = "close every bracket, and quote a text with special characters, as in 'key=\"a, b\"'"
        raise UsageError(f"{error.override}: cannot be parsed; {remedy}") from error
    except (HydraException, OmegaConfBaseException) as error:
        raise UsageError(one_line(error)) from error


@contextmanager
def rewording_composition(overrides: Sequence[str]) -> Iterator[None]:
    """Turns what composing a config raises into a one-line UsageError, also the built-in exceptions of Hydra's own."""
    try:
        with rewording_errors():
            yield
    except (AssertionError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{' '.join(overrides)}: {one_line(error)}") from error


def one_line(error: Exception) -> str:
    """The message of a Hydra or OmegaConf error on one line, without the lines about its internal types.

    Their advice to write +key is dropped too: the schema would refuse the key.
    """
    lines = [line.strip() for line in str(error).splitlines()]
    text = " ".join(line for line in lines if line and not line.startswith(_INTERNAL))
    text = re.sub(r"^\w+ raised while resolving interpolation: ", "", text)
    if error.__cause__ is not None and text.startswith(_MERGING):
        text = f"{text.removeprefix(_MERGING)}: {one_line(Exception(str(error.__cause__)))}"
    text = _SEVERAL_VALUES.sub(r"\1: takes one value here; a list is key=[a,b]", text)
    text = _NO_KEY.sub(r"\1: unknown key; --cfg job lists the known ones", text)
    key = getattr(error, "full_key", None)
    return f"{key}: {text}" if key and not text.startswith(str(key)) else text
