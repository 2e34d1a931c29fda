"""Optional packages: the extras of pyproject.toml, and the command that installs one."""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

from src.errors import UsageError

_ROOT = Path(__file__).resolve().parents[2]


def check_installed(package: str, part: str, extra: str) -> None:
    """Checks that a package can be imported.

    Args:
        package: Its module.
        part: What needs it, as on the command line: `optimizer=lion`.
        extra: The extra of pyproject.toml that has it.

    Raises:
        UsageError: it is not installed. Names the command that installs it, which works in any folder.
    """
    if find_spec(package) is None:
        raise UsageError(f"{part} needs {package}, which is not installed: {install_command(extra)}")


def install_command(extra: str) -> str:
    """A line for the shell that installs an extra into this environment, with the tested versions."""
    pip = [sys.executable, "-m", "pip", "install"]
    if not (_ROOT / "pyproject.toml").exists():  # installed from a wheel
        return shlex.join([*pip, f"schedbench[{extra}]"])
    return shlex.join([*pip, "-c", str(_ROOT / "constraints.txt"), "-e", f"{_ROOT}[{extra}]"])
