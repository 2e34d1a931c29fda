"""Errors of Hydra and OmegaConf, reworded as one-line usage errors. The patterns are those of hydra-core 1.3.8."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml  # type: ignore[import-untyped]
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException, ValidationError

from src.config import CONF
from src.config.override_checks import MERGED, choices
from src.config.suggestions import choice_remedy, deletion_remedy, key_remedy
from src.config.type_errors import wrong_type
from src.errors import UsageError

_NO_KEY = re.compile(r"Could not override '(.+?)'\.( No match in the defaults list\.)?( To append.*)?")
_NO_DEFAULT = re.compile(r"Could not override '(.+?)'\.\s+No match in the defaults list\..* use (\+[^\n]+)", re.DOTALL)
_PLACES = re.compile(r"path=file://(.+)")
_NO_DELETION = re.compile(r"Could not delete from config\. '(.+)' does not exist\.")
_KNOWN = "--cfg job lists the known ones"
# Messages that name no remedy, or one that does not work here, and what to say instead.
_REWORDINGS = [
    (
        r"Could not delete from config\. The value of '(.+)' is (.+) and not (.+)\.",
        r"~\1=\3: the value is \2; write ~\1",
    ),
    (r"Could not append to config\. An item is already at '(.+?)'.*", r"+\1: the key exists already; write \1=VALUE"),
    (r"Could not delete '(.+)'\. No match in the defaults list", r"~\1: the config has no \1 to remove; leave it out"),
    (r"Multiple values for (\S+)\. To override.*", r"+\1: the group has a choice already; write \1=CHOICE"),
    (
        r"(?:Ambiguous value for argument|Sweep parameters) '(.+?)' .*",
        r"\1: takes one value here; a list is key=[a,b]",
    ),
    (r".*[Mm]issing mandatory value: (\S+)", r"\1: is missing; give \1=VALUE"),
    (r"Interpolation key '(.+)' not found", rf"${{\1}}: unknown key; {_KNOWN}"),
    (
        r"Recursive interpolation detected|maximum recursion depth exceeded.*",
        "refers to itself; give another value",
    ),
    (r"Unsupported interpolation type (\S+)", r"${\1:}: no such function; the files in conf show those that exist"),
    (r"\"?Environment variable '(.+)' not found\"?", r"${oc.env:\1}: set \1, or write ${oc.env:\1,DEFAULT}"),
]
_MAX_ECHO = 500  # characters of a command line
_MERGING = "Error merging override "
_INTERNAL = ("full_key", "object_type", "reference_type", "See https", "To append to your")


@contextmanager
def rewording_errors() -> Iterator[None]:
    """Turns the exceptions of Hydra and OmegaConf into a one-line UsageError."""
    try:
        yield
    except MissingConfigException as error:
        raise UsageError(_missing_choice(error)) from error
    except OverrideParseException as error:
        raise UsageError(_malformed(error)) from error
    except ValidationError as error:
        raise UsageError(wrong_type(error) or one_line(error)) from error
    except (HydraException, OmegaConfBaseException) as error:
        raise UsageError(one_line(error)) from error
    except yaml.YAMLError as error:
        raise UsageError(_broken_yaml(error)) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"a config is not text in UTF-8 ({error.reason}); save it as such") from error


@contextmanager
def rewording_composition(overrides: Sequence[str]) -> Iterator[None]:
    """Turns what composing a config raises into a one-line UsageError, also the built-in exceptions of Hydra's own."""
    try:
        with rewording_errors():
            yield
    except (AssertionError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{' '.join(overrides):.{_MAX_ECHO}}: {one_line(error)}") from error


def one_line(error: Exception) -> str:
    """The message of a Hydra or OmegaConf error on one line, without the lines about its internal types.

    Their advice to write +key is dropped too: the schema would refuse the key.
    """
    lines = [line.strip() for line in str(error).splitlines()]
    text = " ".join(line for line in lines if line and not line.startswith(_INTERNAL))
    text = re.sub(r"^\w+ raised while resolving interpolation: ", "", text)
    cause = error.__cause__
    if cause is not None and text.startswith(_MERGING):
        reason = wrong_type(cause) if isinstance(cause, ValidationError) else None
        return reason or f"{text.removeprefix(_MERGING)}: {one_line(Exception(str(cause)))}"
    if (match := _NO_DEFAULT.search(str(error))) and (CONF / match[1]).is_dir():
        addition = match[2].replace("'", "").replace(", ", ",")
        return f"{addition[1:]}: the config has no {match[1]} to replace; write {addition} to add it"
    if match := _NO_DELETION.fullmatch(text):
        text = f"~{match[1]}: unknown key; {deletion_remedy(match[1])}"
    if match := _NO_KEY.fullmatch(text):
        text = f"{match[1]}: unknown key; {key_remedy(match[1], getattr(cause, 'parent_node', None))}"
    for pattern, words in _REWORDINGS:
        text = re.sub(f"^(?:{pattern})$", words, text)
    key = getattr(error, "full_key", None)
    return f"{key}: {text}" if key and not text.startswith(str(key)) else text


def _missing_choice(error: MissingConfigException) -> str:
    """An unknown choice of a group, with those that exist."""
    file = str(error.missing_cfg_file)
    groups = [path.name for path in CONF.iterdir() if file.startswith(f"{path.name}/") and path.name != "hydra"]
    group = groups[0] if groups else file.rpartition("/")[0]
    choice = file.removeprefix(f"{group}/")
    options = error.options or choices(group, map(Path, _PLACES.findall(str(error))))  # Hydra names none for a list
    plus = "+" if group in MERGED else ""
    return f"{plus}{group}={choice}: {choice_remedy(choice, options)}" if options else one_line(error)


def _broken_yaml(error: yaml.YAMLError) -> str:
    """`lab/conf/scheduler/mine.yaml line 3: found duplicate key gamma; correct the file`."""
    mark = getattr(error, "problem_mark", None)
    place = f"{mark.name} line {mark.line + 1}" if mark else "a config"
    return f"{place}: {getattr(error, 'problem', None) or one_line(error)}; correct the file"


def _malformed(error: OverrideParseException) -> str:
    """An argument that is not an override. Of the parser's reasons, only those about functions help."""
    override, reason = str(error.override), one_line(error).partition(" while evaluating ")[2].partition(": ")[2]
    remedy = (
        reason
        or "cannot be parsed; close every bracket, and quote a text with special characters, as in 'key=\"a, b\"'"
    )
    return f"{override if override.strip() else repr(override)}: {remedy}"
