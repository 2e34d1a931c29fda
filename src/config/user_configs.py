"""The user's own configs: the folder `conf` in the working directory, with the same groups as ours."""

from __future__ import annotations

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from src.config import CONF
from src.errors import UsageError

PRIMARY = "train.yaml"


def config_folders() -> list[Path]:
    """Our configs and, if there is one, the folder with the user's.

    Raises:
        UsageError: a file there has the name of one of ours, which would be used instead.
    """
    folder = Path.cwd() / "conf"
    if not folder.is_dir() or (folder / PRIMARY).exists():  # this repository, or another version of it
        return [CONF]
    for path in sorted(folder.glob("*/*.yaml")):
        group, choice = path.parent.name, path.stem
        if (CONF / group / path.name).exists():
            raise UsageError(f"{path}: {group}={choice} is built in; give the file another name")
    return [CONF, folder]


class UserConfigs(SearchPathPlugin):
    """Makes Hydra search the user's configs after ours."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        for folder in config_folders()[1:]:
            search_path.append("user", f"file://{folder}")


def register() -> None:
    """Registers the plugin with Hydra; every composition then finds the user's configs."""
    Plugins.instance().register(UserConfigs)
