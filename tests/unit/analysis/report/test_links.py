"""Links from the page."""

from __future__ import annotations

import os
from pathlib import Path

from src.analysis.report.links import relative_link


def test_link_to_a_name_that_is_no_text() -> None:
    assert relative_link(Path(os.fsdecode(b"/runs/caf\xe9/a b")), Path("/runs/report")) == "../caf%E9/a%20b"
