"""What the documentation says of the program: links, commands, choices, defaults, paths."""

from __future__ import annotations

import contextlib
import functools
import io
import re
from dataclasses import fields
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import OmegaConf

from src.config import CONF
from src.config.compose import load_config
from src.runs.record import RunRecord
from src.sweeps.experiment import single_run
from tests.conftest import ROOT
from tests.docs.pages import DOCS, PAGES, README, anchors, commands, links, names, page_id, prose, table
from tests.faults import campaign
from tests.integration.scripts import status_of
from tests.integration.wrong_inputs import TABLE

OF_QUESTIONS = {path.stem for path in DOCS.glob("results/questions/conf/scheduler/*.yaml")}  # schedules with `-cd`

every_page = pytest.mark.parametrize("page", PAGES, ids=page_id)


def choices(group: str) -> set[str]:
    return {path.stem for path in (CONF / group).glob("*.yaml")}


# --- links ----------------------------------------------------------------------------------------------------------


@every_page
def test_links_and_pictures_exist(page: Path) -> None:
    for target in links(page):
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@every_page
def test_named_files_exist(page: Path) -> None:
    paths = re.findall(r"`((?:src|conf|scripts|tests|docs|\.ci)/[\w./-]*)`", prose(page))
    assert [path for path in paths if "NAME" not in path and not (ROOT / path).exists()] == []


@every_page
def test_arxiv_ids_link_to_their_papers(page: Path) -> None:
    for shown, target in re.findall(r"\[(\d{4}\.\d{5})\]\((.+?)\)", page.read_text()):
        assert target == f"https://arxiv.org/abs/{shown}"
    assert not re.search(r"(?<![\w/.\[])\d{4}\.\d{5}(?!\d)", page.read_text()), "an arXiv id without a link"


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / target.partition("#")[0]).resolve() for target in links(README)}
    assert set(PAGES) - {README} <= linked


def test_readme_is_read_in_a_minute() -> None:
    assert 5_000 <= len(README.read_bytes()) <= 7_000


# --- commands -------------------------------------------------------------------------------------------------------


@every_page
def test_train_commands_compose(page: Path, lab: Path) -> None:
    for words in commands(page):
        if words[:3] != ["python", "-m", "src.train"]:
            continue
        options = [word for word in words[3:] if word.startswith("-")]
        assert set(options) <= {"-m", "-cd", "--cfg", "--resolve", "--help"}, words
        arguments = single_run(words[3:]) if any(word.startswith("experiment=") for word in words) else words[3:]
        overrides = [word for word in arguments if "=" in word]
        check_overrides(overrides, sweeps="-m" in options)


def script_of(words: list[str]) -> str | None:
    """The script that a command starts, by its path or as `schedbench NAME`; None for other commands."""
    if words[0] == "schedbench":
        return f"scripts/{words[1].replace('-', '_')}.py"
    is_script = words[0] == "python" and re.fullmatch(r"scripts/\w+\.py", words[1])
    return words[1] if is_script else None


@every_page
def test_script_commands_use_known_keys(page: Path, lab: Path) -> None:
    for words in commands(page):
        if (script := script_of(words)) is None:
            continue
        text = help_of(script)
        assert {word for word in words[2:] if word.startswith("-")} <= set(re.findall(r"--[\w-]+", text)), words
        keys = set(re.findall(r"\b([a-z_]+)=", text)) - {"key", "scheduler"}
        parsed = OverridesParser.create().parse_overrides(
            # a reference is the label of a setting, which can have `=` in it
            [word for word in words[2:] if "=" in word and not word.startswith("reference=")]
        )
        for override in parsed:
            if override.key_or_group in ("protocol", "experiment"):
                assert override.value() in choices(override.key_or_group) | {"teeth"}, words
            if override.key_or_group == "schedulers":
                assert set(override.value()) <= choices("scheduler") | {"sawtooth", *OF_QUESTIONS}, words
        others = [override.input_line for override in parsed if override.key_or_group not in keys]
        check_overrides(others, sweeps=True)


@every_page
def test_make_targets_exist(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in commands(page):
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= known, words


def check_overrides(overrides: list[str], *, sweeps: bool) -> None:
    """Composes and checks a config with each value of each swept key; the configs of the lab are found."""
    overrides = ["optimizer.lr=1" if override == "optimizer.lr=auto" else override for override in overrides]
    parsed = OverridesParser.create().parse_overrides(overrides)
    assert sweeps or not any(override.is_sweep_override() for override in parsed), overrides
    values = [_lines(override) for override in parsed if not override.is_hydra_override()]
    for number in range(max(map(len, values), default=1)):
        _compose(tuple(lines[min(number, len(lines) - 1)] for lines in values))


def _lines(override: Override) -> list[str]:
    if not override.is_sweep_override():
        return [str(override.input_line)]
    return [f"{override.key_or_group}={value}" for value in override.sweep_string_iterator()]


@functools.cache
def _compose(overrides: tuple[str, ...]) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        load_config(compose("train", overrides=list(overrides)))


@functools.cache
def help_of(script: str) -> str:
    """What a script prints for --help."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        assert status_of(Path(script).stem, "--help") == 0
    return output.getvalue()


# --- choices and defaults -------------------------------------------------------------------------------------------


def test_catalog_lists_every_schedule_once() -> None:
    listed = [names(row["name"])[0] for row in table(DOCS / "schedules.md", "name")]
    assert sorted(listed) == sorted(choices("scheduler"))


def test_catalog_marks_the_interval_of_every_schedule() -> None:
    marks = {"step": "", "epoch": "ᵉ", "second": "ˢ"}
    for row in table(DOCS / "schedules.md", "name"):
        (name,) = names(row["name"])
        assert row["name"] == f"`{name}`{marks[OmegaConf.load(CONF / 'scheduler' / f'{name}.yaml').interval]}"


def test_group_table_lists_every_choice() -> None:
    for row in table(DOCS / "training.md", "group"):
        (group,) = names(row["group"])
        if group != "scheduler":
            assert set(names(row["choices"])) == choices(group)


def test_counts_of_choices_are_right() -> None:
    counts = {"schedules": "scheduler", "optimizers": "optimizer", "models": "model"}
    for number, noun in re.findall(r"(\d+) (schedules|optimizers|models)\b", README.read_text().partition("```")[0]):
        assert int(number) == len(choices(counts[noun]))
    assert f"{len(choices('scheduler'))} schedules" in table(DOCS / "training.md", "group")[3]["choices"]


def test_option_table_has_the_defaults_of_the_config() -> None:
    config = OmegaConf.load(CONF / "train.yaml")
    config.trainer = OmegaConf.load(CONF / "trainer" / "default.yaml")
    for row in table(DOCS / "training.md", "key"):
        (key,) = names(row["key"])
        if re.fullmatch(r"\d+|null|true|false|auto", row["default"]):
            assert OmegaConf.select(config, key) == OmegaConf.create(f"value: {row['default']}").value, key
        else:
            assert row["default"] in ("set by the optimizer", "set by the schedule", "below `outputs/runs`"), key


def test_option_table_names_the_schedules_with_a_default_warmup() -> None:
    (row,) = [row for row in table(DOCS / "training.md", "key") if row["key"] == "`warmup`"]
    paths = (CONF / "scheduler").glob("*.yaml")
    assert set(names(row["meaning"])) == {path.stem for path in paths if "default_warmup" in OmegaConf.load(path)}


def test_protocol_table_equals_the_protocols() -> None:
    rows = table(DOCS / "comparing.md", "protocol")
    assert {names(row["protocol"])[0] for row in rows} == choices("protocol")
    for row in rows:
        protocol = OmegaConf.load(CONF / "protocol" / f"{names(row['protocol'])[0]}.yaml")
        assert int(row["schedules"]) == len(protocol.schedulers)
        assert int(row["rates"]) == protocol.num_lrs
        assert row["refined"] == ("yes" if protocol.refine else "no")
        assert row["tuned per seed"] == ("yes" if protocol.tune_per_seed else "no")
        assert int(row["tuning seeds"]) == len(protocol.tuning_seeds)
        assert int(row["evaluation seeds"]) == len(protocol.evaluation_seeds)
        assert row["budgets"] == (", ".join(map(str, protocol.budgets)) or "`epochs`")


def test_record_table_explains_every_field() -> None:
    rows = table(DOCS / "results.md", "fields of `result.json`")
    listed = {name for row in rows for name in names(row["fields of `result.json`"])}
    assert {field.name for field in fields(RunRecord)} <= listed


def test_reliability_page_has_the_counts_of_the_campaign() -> None:
    numbers = {row["fault"]: int(row["number"]) for row in table(DOCS / "reliability.md", "fault")}
    assert numbers == {
        "SIGKILL of a single run": campaign.NUM_KILLS["run"],
        "SIGKILL of a parallel sweep": campaign.NUM_KILLS["sweep"],
        "SIGKILL of a protocol": campaign.NUM_KILLS["protocol"],
        "flipped bit in a checkpoint": campaign.NUM_CHECKPOINT_FLIPS,
        "flipped bit in a record": campaign.NUM_RECORD_FLIPS,
        "damaged or edited record": campaign.NUM_DAMAGED_RECORDS,
        "other damaged file": campaign.NUM_OTHER_DAMAGED_FILES,
        "full disk": sum(campaign.NUM_DISK_SIZES.values()),
        "wrong input": sum(len(rows) for _, _, rows in TABLE),
    }
