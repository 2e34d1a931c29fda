"""The files of a published result. Large ones are compressed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd

from src import layout
from src.files import replacing
from tests.conftest import ROOT

RESULTS = ROOT / "docs" / "results"
LARGE = 300_000  # bytes
SOURCES = "sources.json"  # what the sweeps of a result say about themselves; a result of one sweep has its sweep.json


def published_folders() -> list[Path]:
    """The folders with published runs, anywhere below docs/results."""
    return sorted(path.parent for path in RESULTS.rglob(f"{layout.RUNS}*"))


def find(folder: Path, name: str) -> Path:
    """The file, or its compressed form if there is only that."""
    compressed = folder / f"{name}.gz"
    return compressed if compressed.exists() else folder / name


def read_text(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()


def read_table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(find(folder, name))


def write(folder: Path, name: str, text: str) -> None:
    """Writes the text, compressed if it is large; equal texts are equal files."""
    content = text.encode()
    is_large = len(content) > LARGE
    for stale in (folder / name, folder / f"{name}.gz"):
        stale.unlink(missing_ok=True)
    with replacing(folder / (f"{name}.gz" if is_large else name)) as file:
        file.write(gzip.compress(content, mtime=0) if is_large else content)


def read_sources(folder: Path) -> dict[str, dict[str, Any]]:
    """What each sweep of a published result says about itself, by its name in the folders of the runs."""
    if (folder / SOURCES).exists():
        return dict(json.loads((folder / SOURCES).read_text())["sweeps"])
    return {
        sweep_of(read_table(folder, layout.RUNS)["folder"].iloc[0]): json.loads((folder / layout.SWEEP).read_text())
    }


def sweep_of(run_folder: str) -> str:
    """`NAME` for `outputs/sweeps/NAME/runs/mnist/...`."""
    return Path(run_folder.partition("/runs/")[0]).name
