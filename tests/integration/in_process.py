"""Runs the command lines of the project inside the test process."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hydra.core.global_hydra import GlobalHydra

from tests.integration.conftest import _fresh_logging, forget_modules


def run_in_process(main: Callable[[], None], arguments: Sequence[str], folder: Path) -> CompletedProcess[str]:
    """Calls `main` as a fresh process in `folder` would; returns its exit status and output."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, _fresh_logging():
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        patch.setattr(sys, "argv", ["command", *arguments])
        GlobalHydra.instance().clear()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            GlobalHydra.instance().clear()
            forget_modules(folder)
    return CompletedProcess([*arguments], status, out.getvalue(), err.getvalue())
