"""What a key or a choice that does not exist may have been meant for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from omegaconf import DictConfig, OmegaConf

from src.config import CONF
from src.config.user_configs import config_folders

_CUTOFF = 0.6  # of difflib's similarity: `sdg` and `sgd` have 0.67, `epoch` and `epochs` 0.91
_LISTED = "--cfg job lists the known ones"
_own_keys: ContextVar[tuple[str, ...]] = ContextVar("own_keys", default=())


@contextmanager
def suggesting_also(keys: Iterable[str]) -> Iterator[None]:
    """Context in which a command's own keys, such as `schedulers`, are suggested beside those of the config."""
    token = _own_keys.set((*keys,))
    try:
        yield
    finally:
        _own_keys.reset(token)


def key_remedy(key: str, node: object) -> str:
    """`did you mean optimizer.lr?`, or where the known keys are listed.

    Args:
        key: The unknown key, with dots.
        node: The part of the composed config that does not have it, or anything else if that is unknown.
    """
    group, _, rest = key.partition(".")
    if group == "callbacks" and (choice := rest.partition(".")[0]) in _callbacks():
        return f"add +callbacks={choice}"
    if not isinstance(node, DictConfig):
        return remedy_among(key, ())
    config = OmegaConf.to_container(node._get_root())  # there is no public way up to it
    assert isinstance(config, dict)
    return remedy_among(key, known_keys({name: value for name, value in config.items() if name != "hydra"}))


def remedy_among(key: str, keys: Iterable[str]) -> str:
    """`did you mean optimizer.lr?` if a key of `keys` or of the command is similar, otherwise the keys of the group."""
    known = [*keys, *_own_keys.get()]
    return did_you_mean(similar_keys(key, known)) or _listed(key.rpartition(".")[0], known)


def _listed(group: str, keys: Iterable[str]) -> str:
    names = _names_in(group, keys)
    return f"the keys of {group} are {', '.join(names)}" if names else _LISTED


def _names_in(group: str, keys: Iterable[str]) -> list[str]:
    """The keys directly in a group, without its name."""
    inside = [key.removeprefix(f"{group}.") for key in keys if group and key.startswith(f"{group}.")]
    return [name for name in inside if "." not in name]


def _callbacks() -> list[str]:
    return [path.stem for folder in config_folders() for path in folder.glob("callbacks/*.yaml")]


def deletion_remedy(key: str) -> str:
    """`did you mean ~optimizer.momentum?`: a key that a run can have, whatever its config is."""
    return did_you_mean(f"~{known}" for known in similar_keys(key, dict.fromkeys(possible_keys()))) or _LISTED


def possible_keys() -> Iterator[str]:
    """The keys of the primary config and of every choice of its groups."""
    primary = OmegaConf.to_container(OmegaConf.load(CONF / "train.yaml"))
    assert isinstance(primary, dict)
    yield from known_keys({name: value for name, value in primary.items() if name not in ("defaults", "hydra")})
    for default in primary["defaults"]:
        for path in sorted((CONF / next(iter(default))).glob("*.yaml")) if isinstance(default, dict) else ():
            yield from known_keys({path.parent.name: OmegaConf.to_container(OmegaConf.load(path))})


def known_keys(tree: Mapping[Any, Any], prefix: str = "") -> Iterator[str]:
    """Every key of a config with dots, those of its groups included."""
    for name, value in tree.items():
        yield f"{prefix}{name}"
        if isinstance(value, dict):
            yield from known_keys(value, f"{prefix}{name}.")


def similar_keys(key: str, keys: Iterable[str]) -> list[str]:
    """The known keys that end in `key`; otherwise the one that is most similar, as a whole or in its last part."""
    keys = list(keys)
    by_name: dict[str, list[str]] = {}
    for known in keys:
        by_name.setdefault(known, []).append(known)
        by_name.setdefault(known.rpartition(".")[2], []).append(known)
    last = key.rpartition(".")[2]
    for name in (key, last):
        if name in by_name:
            return list(dict.fromkeys(by_name[name]))
    group = key.rpartition(".")[0]
    if names := _names_in(group, keys):  # not by the whole key: most of it is the group, which is right
        matches = [f"{group}.{name}" for name in similar(last, names)] or similar(last, by_name)
    else:
        matches = similar(key, by_name) or similar(last, by_name)
    if matches and matches[0] in keys:  # `name` rather than every `GROUP.name`
        return matches
    return list(dict.fromkeys(known for match in matches for known in by_name[match]))


def similar(word: str, names: Iterable[str], cutoff: float = _CUTOFF) -> list[str]:
    """The most similar name, if one has at least this similarity."""
    return difflib.get_close_matches(word, list(names), n=1, cutoff=cutoff)


def did_you_mean(names: Iterable[str]) -> str:
    """`did you mean cosine?`; empty without names."""
    text = " or ".join(names)
    return f"did you mean {text}?" if text else ""


def choice_remedy(choice: str, choices: Iterable[str]) -> str:
    """`choose one of cosine, step; did you mean cosine?`"""
    names = list(choices)
    guess = did_you_mean(similar(choice, names))
    return f"choose one of {', '.join(names)}" + f"; {guess}" * bool(guess)
