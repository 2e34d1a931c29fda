"""The commands that made the runs of a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from src.analysis.collect import collect
from src.analysis.report.page_commands import Command, commands
from tests.unit.analysis.conftest import MakeRun


def started_by_hydra(folder: Path, mode: str, *overrides: str) -> None:
    """Writes what Hydra writes into a run folder."""
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "hydra.yaml").write_text(f"hydra:\n  run: null\n  mode: {mode}\n")
    (folder / ".hydra" / "overrides.yaml").write_text("".join(f"- {line}\n" for line in overrides))


def write_sweep_file(folder: Path, *jobs: Path, **content: Any) -> None:
    planned = [{"folder": str(job.relative_to(folder)), "overrides": []} for job in jobs]
    (folder / "sweep.json").write_text(json.dumps({"jobs": planned, **content}))


def found(folder: Path) -> tuple[list[Command], int]:
    result = commands(collect([folder]).runs, {})
    return result.known, result.num_unknown


def test_all_commands_of_a_sweep_are_found_in_their_order(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(folder="runs/a")
    earlier = make_run("seed=1", folder="runs/b")
    started_by_hydra(earlier, "MULTIRUN", "seed=1")
    entries = [
        {"command": ["python", "scripts/sweep.py", "seeds=[1]"], "planned_at": "2026-01-01T00:00:00+00:00"},
        {"command": ["python", "scripts/sweep.py", "seeds=[0]"], "planned_at": "2026-01-02T00:00:00+00:00"},
    ]
    write_sweep_file(tmp_path / "sweep", run, commands=entries)
    assert found(tmp_path) == (
        [
            Command("python scripts/sweep.py 'seeds=[1]'", "2026-01-01 00:00"),
            Command("python scripts/sweep.py 'seeds=[0]'", "2026-01-02 00:00"),
        ],
        0,
    )


def test_file_of_an_earlier_version_has_its_last_command_and_those_of_its_history(
    make_run: MakeRun, tmp_path: Path
) -> None:
    run = make_run()
    history = [{"command": ["first"], "planned_at": "2026-01-01T00:00:00+00:00", "seeds": [0]}]
    write_sweep_file(tmp_path / "sweep", run, command=["second"], planned_at="2026-02-01T00:00:00", history=history)
    assert [command.line for command in found(tmp_path)[0]] == ["first", "second"]


def test_single_run_beside_a_sweep_is_found(make_run: MakeRun, tmp_path: Path) -> None:
    planned, single = make_run(folder="runs/a"), make_run("seed=1", folder="runs/b")
    started_by_hydra(planned, "RUN", "seed=0")
    started_by_hydra(single, "RUN", "seed=1", "data.root=/my data")
    write_sweep_file(tmp_path / "sweep", planned, command=["python"], planned_at="2026-01-03T00:00:00+00:00")
    assert [command.line for command in found(tmp_path)[0]] == [
        "python -m src.train seed=1 'data.root=/my data'",
        "python",
    ]


def test_runs_of_several_sweeps_have_the_commands_of_each(make_run: MakeRun, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run = make_run(f"seed={ord(name)}", folder=f"{name}/run")
        write_sweep_file(tmp_path / "sweep" / name, run, command=["python", name], planned_at=None)
    assert sorted(command.line for command in found(tmp_path)[0]) == ["python a", "python b"]


def test_runs_without_any_trace_of_their_command_are_counted(make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    started_by_hydra(make_run("seed=1"), "RUN", "seed=1")
    known, num_unknown = found(tmp_path)
    assert (len(known), num_unknown) == (1, 1)
