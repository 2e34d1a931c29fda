"""How a command ends."""

from __future__ import annotations

import io
import sys

import pytest

from src.errors import ending_in_one_line


@pytest.mark.parametrize(("encoding", "printed"), [("latin-1", b"\\u2588\n"), ("utf-8", "█\n".encode())])
def test_terminal_gets_what_its_encoding_has(encoding: str, printed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding))
    with ending_in_one_line():
        print("█")
    assert content.getvalue() == printed
