"""What the page says about how runs were made."""

from __future__ import annotations

from pathlib import Path

from src.analysis.collect import collect
from src.analysis.report.page_provenance import provenance
from tests.unit.analysis.conftest import PROVENANCE, MakeRun


def test_packs_are_named_if_there_are_any(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=0")
    assert "Lockstep" not in dict(provenance(collect([tmp_path]).runs, {}))
    make_run("seed=1", provenance=PROVENANCE | {"lockstep": 4})
    make_run("seed=2", provenance=PROVENANCE | {"lockstep": 4})
    assert dict(provenance(collect([tmp_path]).runs, {}))["Lockstep"] == "packs of 4 runs (2 runs) and none (1 run)"
