"""The examples of docs/extending.md as files."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks, commands
from tests.integration.conftest import forget_modules


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with every file that docs/extending.md shows or makes; it is the working directory, as the page says."""
    folder = tmp_path_factory.mktemp("lab")
    for block in blocks(DOCS / "extending.md", "python", "yaml"):
        assert block.file_name is not None, f"names no file: {block.code}"
        path = folder / block.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.code)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        for words in commands(DOCS / "extending.md"):
            if words[0] == "python" and (folder / words[1]).is_file():
                runpy.run_path(words[1], run_name="__main__")
        yield folder
    forget_modules(folder)
