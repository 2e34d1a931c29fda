"""Places for configs in `hydra.searchpath`. They are checked: Hydra goes on without a folder that does not exist."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from src.config.wording import as_text
from src.errors import UsageError


def check_search_path(places: object) -> None:
    """Rejects places for configs that do not exist. Those with an interpolation are left to Hydra.

    Raises:
        UsageError: names the place.
    """
    text = f"hydra.searchpath={as_text(places)}"
    if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
        raise UsageError(f"{text}: must be a list, as in hydra.searchpath=[file:///FOLDER]")
    for place in places:
        scheme, _, name = place.rpartition("://")
        if scheme not in ("", "file", "pkg"):
            raise UsageError(f"{text}: {place} must be file://FOLDER or pkg://PACKAGE")
        if "${" not in name and not _exists(scheme, name):
            raise UsageError(
                f"{text}: {place}: no such {'package' if scheme == 'pkg' else 'folder'}; name one with configs"
            )


def local_folders(places: object) -> list[Path]:
    """The folders among the places of `hydra.searchpath`; those of packages and with an interpolation are left out."""
    texts = (
        [place.removeprefix("file://") for place in places if isinstance(place, str)]
        if isinstance(places, list)
        else []
    )
    return [Path(text) for text in texts if "://" not in text and "${" not in text]


def _exists(scheme: str, name: str) -> bool:
    if scheme != "pkg":
        return Path(name).is_dir()
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # of a parent, or no name at all
        return False
