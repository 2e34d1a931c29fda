"""Every run of a pack has the files that a run by itself has."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from src.analysis.report import build
from src.layout import RECORD
from src.sweeps.command import sweep
from src.sweeps.pack_files import log_files
from src.terminal import LogFile
from tests.conftest import SMALL


def test_log_goes_into_every_folder_until_the_job_ends(tmp_path: Path) -> None:
    root, own = logging.getLogger(), LogFile(tmp_path / "train.log", delay=True)
    root.addHandler(own)
    (tmp_path / "other").mkdir()
    try:
        with log_files() as add:
            add(tmp_path)
            add(tmp_path / "other")
            root.warning("inside")
        root.warning("outside")
    finally:
        root.removeHandler(own)
        own.close()
    assert (tmp_path / "train.log").read_text() == "inside\noutside\n"
    assert (tmp_path / "other" / "train.log").read_text() == "inside\n"


def test_runs_of_a_pack_have_the_files_of_hydra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "build_report", lambda sources, out: None)
    quiet = ["hydra/job_logging=none", "hydra/hydra_logging=none", f"hydra.sweep.dir={tmp_path}"]
    arguments = [*SMALL, *quiet, "schedulers=[step,cosine]", "seeds=[0]", "lockstep=2", "hydra/launcher=basic"]
    assert sweep(arguments, dry_run=False) == 0
    folders = [path.parent for path in tmp_path.rglob(RECORD)]
    assert len(folders) == 2
    for folder in folders:
        overrides = OmegaConf.load(folder / ".hydra" / "overrides.yaml")
        name = OmegaConf.load(folder / ".hydra" / "config.yaml").scheduler.name
        assert f"scheduler={name}" in list(overrides)
        hydra = OmegaConf.load(folder / ".hydra" / "hydra.yaml").hydra
        assert Path(hydra.runtime.output_dir) == folder
