"""Runs the command lines of the project inside the test process."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.integration.conftest import call_main, forget_modules


def run_in_process(main: Callable[[], None], arguments: Sequence[str], folder: Path) -> CompletedProcess[str]:
    """Calls `main` as a fresh process in `folder` would; returns its exit status and output."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = call_main(*arguments, main=main)
        finally:
            forget_modules(folder)
    return CompletedProcess([*arguments], status, out.getvalue(), err.getvalue())
