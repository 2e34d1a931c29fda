"""The examples of docs/extending.md as files, and commands run in the test process."""

from __future__ import annotations

import contextlib
import io
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from src import train
from tests.docs.pages import DOCS, blocks, commands


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
            if ">>" in words:
                run_script(words)
        yield folder
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "").parent == folder:
            del sys.modules[name]


def run_script(words: list[str]) -> None:
    """Runs `python FILE.py >> TARGET`."""
    python, script, redirection, target = words
    assert (python, redirection) == ("python", ">>")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        runpy.run_path(script, run_name="__main__")
    with open(target, "a") as file:
        file.write(output.getvalue())


def run_train(arguments: list[str]) -> None:
    """Runs `python -m src.train` in this process; a run that is rejected or fails raises SystemExit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["src.train", *arguments])
        GlobalHydra.instance().clear()
        try:
            train.main()
        except SystemExit as end:
            if end.code:
                raise
        finally:
            GlobalHydra.instance().clear()
