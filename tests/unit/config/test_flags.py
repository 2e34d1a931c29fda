"""Every flag of Hydra is supported or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra._internal.utils import get_args_parser

from src.config.compose import composed, composing, search_path
from src.config.flags import REFUSED, SUPPORTED, CommandLine, parse_command_line
from src.errors import UsageError


def hydra_flags() -> list[list[str]]:
    """The notations of every flag of the installed Hydra."""
    return [action.option_strings for action in get_args_parser()._actions if action.option_strings]


def test_every_flag_of_hydra_is_known() -> None:
    assert {names[0] for names in hydra_flags()} == {*SUPPORTED, *REFUSED}


@pytest.mark.parametrize("flag", [name for names in hydra_flags() for name in names if names[0] in REFUSED])
def test_unsupported_flag_is_refused_by_its_long_name(flag: str) -> None:
    with pytest.raises(UsageError, match=r"^--[a-z-]+( data=digits)?: not supported: "):
        parse_command_line([flag, "data=digits"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], CommandLine([], False, False, [], None)),
        (["a=1", "-m", "b=2"], CommandLine(["a=1", "b=2"], True, False, [], None)),
        (["--multirun"], CommandLine([], True, False, [], None)),
        (["-r", "a=1"], CommandLine(["a=1"], False, True, [], None)),
        (["a=1", "-h"], CommandLine(["a=1"], False, False, ["--help"], None)),
        (["--help", "--resolve"], CommandLine([], False, False, ["--help", "--resolve"], None)),
        (["-i"], CommandLine([], False, False, ["--info", "all"], None)),
        (["a=1", "--info", "plugins"], CommandLine(["a=1"], False, False, ["--info", "plugins"], None)),
        (
            ["--cfg=job", "-p", "data", "--resolve", "a=1"],
            CommandLine(["a=1"], False, False, ["--cfg", "job", "--package", "data", "--resolve"], "data"),
        ),
    ],
)
def test_flags_stand_anywhere(arguments: list[str], expected: CommandLine) -> None:
    assert parse_command_line(arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--multi-run"], "--multi-run: unknown flag; did you mean --multirun?"),
        (["--cfgg", "job"], "--cfgg: unknown flag; did you mean --cfg?"),
        (["--config=x"], "--config: unknown flag; did you mean --config-dir?"),
        (["--multi"], "--multi: unknown flag; did you mean --multirun?"),
        (["--dry-run"], "--dry-run: unknown flag; --hydra-help lists the flags"),
        (["--cfg"], "--cfg/-c: expected one argument; --hydra-help lists the flags"),
        (["--cfg", "jobs"], "--cfg jobs: choose one of job, hydra, all; overrides go before the flag"),
        (["-i", "a=1"], "--info a=1: choose one of all, config, defaults, defaults-tree, plugins, searchpath; over"),
        (["--cfg", "job", "-m"], "--multirun and --cfg contradict each other; give one of the two"),
        (["-r", "-m"], "--run and --multirun contradict each other; give one of the two"),
        (["-i", "-c", "job"], "--cfg and --info contradict each other; give one of the two"),
        (["--resolve"], "--resolve: goes with --cfg, as in --cfg job --resolve"),
        (["--cfg", "hydra", "--resolve"], "--cfg hydra --resolve: depends on the config of the run; give --cfg all"),
        (["-p", "data"], "--package data: goes with --cfg, as in --cfg job --package scheduler"),
    ],
)
def test_other_flags_are_refused_with_a_remedy(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_command_line(arguments)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("name", ["nonexistent", "", "file"])
def test_config_dir_must_be_a_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    text = str(tmp_path / name) if name else ""
    with pytest.raises(UsageError, match=r"^--config-dir .*: no such folder$"):
        parse_command_line(["-cd", text])


def test_config_dir_and_search_path_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"contradicts hydra\.searchpath="):
        parse_command_line(["-cd", str(tmp_path), "hydra.searchpath=[pkg://mine]"])


def test_config_dir_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--config-dir: was given twice; name all folders in hydra\.searchpath="):
        parse_command_line(["-cd", str(tmp_path), "-cd", str(tmp_path)])


def test_choice_that_ours_hides_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "scheduler").mkdir()
    (tmp_path / "scheduler" / "cosine.yaml").touch()
    parse_command_line(["-cd", str(tmp_path)])
    assert f"{tmp_path}: scheduler/cosine.yaml ignored, because ours have the same names" in caplog.text


@pytest.mark.parametrize("name", ["conf", "od'd, [na]me = x", "ünï"])
def test_configs_are_found_in_a_folder_of_any_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name / "seeds").mkdir(parents=True)
    (tmp_path / name / "seeds" / "mine.yaml").write_text("# @package _global_\nseed: 7\n")
    overrides = parse_command_line(["-cd", str(tmp_path / name), "+seeds=mine"]).overrides
    assert len(search_path(overrides)) == 1
    with composing():
        assert composed(overrides).seed == 7


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("--epochs 5", "write epochs=5"),
        ("--epochs=5", "write epochs=5"),
        ("--weight_decay 1e-4", "write optimizer.weight_decay=1e-4"),
        ("data=digits --scheduler cosine", "write scheduler=cosine"),
        ("--lr --run", "write optimizer.lr=VALUE"),
        ("--nope 5", "--hydra-help lists the flags"),
    ],
)
def test_key_that_is_written_as_a_flag_is_refused_with_the_override(line: str, remedy: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_command_line(line.split())
    flag = next(word.partition("=")[0] for word in line.split() if word.startswith("--"))
    assert str(error.value) == f"{flag}: unknown flag; {remedy}"
