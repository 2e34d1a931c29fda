"""The user's own configs: the folder `conf` in the working directory, with the same groups as ours."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from src.config import CONF
from src.config.search_path import local_folders

log = logging.getLogger(__name__)

PRIMARY = "train.yaml"


def config_folders() -> list[Path]:
    """Our configs and, if there is one, the folder with the user's. Where both have a file, ours is used."""
    folder = Path.cwd() / "conf"
    if not folder.is_dir() or (folder / PRIMARY).exists():  # this repository, or another version of it
        return [CONF]
    warn_of_ignored(folder.resolve())
    return [CONF, folder]


def config_places(overrides: Sequence[str]) -> list[Path]:
    """The folders of configs that a command line finds: `config_folders` and those of `hydra.searchpath` or `-cd`."""
    lines = [line for line in overrides if line.lstrip("+").startswith("hydra.searchpath=")]
    named = [local_folders(override.value()) for override in OverridesParser.create().parse_overrides(lines)]
    return [*config_folders(), *(folder for folders in named for folder in folders)]


@functools.cache  # once
def warn_of_ignored(folder: Path) -> None:
    """Names the files in a folder of the user's that ours hide; nothing if the folder is a version of ours."""
    if (folder / PRIMARY).exists():
        return
    paths = [path.relative_to(folder) for path in sorted(folder.glob("*/*.yaml"))]
    if ignored := [str(path) for path in paths if (CONF / path).exists()]:
        log.warning("%s: %s ignored, because ours have the same names; rename them", folder, ", ".join(ignored))


class UserConfigs(SearchPathPlugin):
    """Makes Hydra search the user's configs after ours."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        for folder in config_folders()[1:]:
            search_path.append("user", f"file://{folder}")


def register() -> None:
    """Registers the plugin with Hydra; every composition then finds the user's configs."""
    Plugins.instance().register(UserConfigs)
