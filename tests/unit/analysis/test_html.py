"""The report as a page: what it says first, that everything is in it, and that it needs nothing beside itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest

from src.analysis.collect import Collection, collect
from src.analysis.comparison import comparison, evaluated
from src.analysis.html import COLUMNS, EMBEDDED, LARGE_SVG, SHOWN, _ranges, render
from src.analysis.tables import readable, workloads
from src.analysis.tuning import is_tuning, sensitivity
from tests.unit.analysis.conftest import MakeRun

HOSTILE = "</td><script>alert(1)</script>\"'&"
SWEEP: dict[str, Any] = {
    "command": ["python", "scripts/sweep.py", "schedulers=[a, b]"],
    "planned_at": "2026-01-01T00:00:00+00:00",
    "provenance": {"git_sha": "0123abcd", "git_dirty": True},
    "protocol": {"name": "quick", "tuning_seeds": [1000], "evaluation_seeds": [0, 1, 2, 5], "budgets": []},
    "jobs": [],
}


class Page(HTMLParser):
    """Every attribute and all text of a page; what is left open or closed twice is an error."""

    VOID = ("meta", "img", "br")
    OPTIONAL = ("tr", "td")  # whose end may be left out

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in (*self.VOID, *self.OPTIONAL):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.OPTIONAL:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, *names: str) -> list[str]:
        return [str(attributes[name]) for _, attributes in self.tags for name in names if name in attributes]


def page(folder: Path, figures: tuple[Path, ...] = (), sweep: dict[str, Any] | None = None) -> str:
    return page_of(collect([folder / "sweep"]), folder, figures, sweep)


def page_of(
    collection: Collection, folder: Path, figures: tuple[Path, ...] = (), sweep: dict[str, Any] | None = None
) -> str:
    runs = collection.runs
    counted = evaluated(runs)
    return render(
        table=comparison(runs if counted.empty else counted),
        runs=runs,
        sensitivity=sensitivity(runs[is_tuning(runs)]),
        figures=figures,
        problems=collection.problems,
        sweep=sweep,
        folder=folder,
    )


def lines(text: str) -> list[str]:
    """The paragraphs of the answers."""
    sections = re.findall(r'<section class="answer.*?</section>', text, re.DOTALL)
    return [line for section in sections for line in re.findall(r"<p[^>]*>(.*?)</p>", section)]


def make_winner(make_run: MakeRun, seeds: int, *overrides: str) -> None:
    for seed in range(seeds):
        make_run("scheduler=constant", f"seed={seed}", *overrides, accuracy=0.90 + seed / 1000)
        make_run("scheduler=cosine", f"seed={seed}", *overrides, accuracy=0.95 + seed / 2000)


def test_a_winner_that_was_tested(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.85 + seed / 1000)
    first, second, third = lines(page(tmp_path))
    assert re.fullmatch(
        r"Best here: cosine, 4\.83 % test error \(95 % interval 4\.7\d to 4\.9\d\), over 8 seeds\.", first
    )
    assert second == "Against constant it is better by 4.82 percentage points (p = 0.016 after Holm)."
    assert third == "Worse than constant: step."


def test_others_that_are_better_too_are_said_to_be_untested(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.94 + seed / 1000)
    third = lines(page(tmp_path))[2]
    assert third == "Also better than constant: step. Whether cosine differs from them as well is in pairwise.csv."


def test_a_lead_that_may_be_chance(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.90 + seed / 100)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.98 - seed / 100)
    text = page(tmp_path)
    first, second = lines(text)
    assert first.startswith("Lowest test error: cosine, 5.50 % (95 %")
    assert re.fullmatch(
        r"Against constant it is lower by 1\.00 .*, which may be chance \(p = 0\.\d+ after Holm\)\.", second
    )
    assert "Best here" not in text


def test_a_reference_that_none_beats(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=constant", f"seed={seed}", accuracy=0.95 + seed / 1000)
        make_run("scheduler=step", f"seed={seed}", accuracy=0.949 + seed / 1000)
    assert lines(page(tmp_path))[1:] == [
        "constant is the reference, and no schedule was found to be better than it.",
        "Worse than constant: step.",
    ]


def test_equivalence_is_told_with_the_margin_of_its_data_set(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        for scheduler, accuracy in {"constant": 0.95, "step": 0.95 + (-1) ** seed / 2000 + 0.0001}.items():
            make_run("data=fashion_mnist", f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy)
    make_run("data=digits", "scheduler=step")  # whose margin is wider
    said = lines(page(tmp_path))
    assert "Against constant it makes no difference that matters: it lies within ± 0.2 percentage points." in said


def test_too_few_seeds_are_called_a_description(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    first, second = lines(page(tmp_path))
    assert first.startswith("Lowest test error: cosine, 4.95 %")
    assert second == (
        "With 3 seeds no difference to constant can be significant, however large: 1 comparison would need 6 seeds. "
        "Read this as a description."
    )


def test_where_all_diverged_nothing_is_best(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        make_run(f"scheduler={scheduler}", accuracy=None, status="diverged")
    make_run("scheduler=step", accuracy=None, status="failed")
    text = page(tmp_path)
    assert lines(text) == ["There is no best schedule here: none of the 3 runs completed (2 diverged, 1 failed)."]
    assert 'class="answer none"' in text


def test_what_lost_runs_is_never_best(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 8)
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.99, status="completed" if seed else "diverged")
    said = lines(page(tmp_path))
    assert said[0].startswith("Best here: cosine")
    assert said[-1] == "Lost runs, and so never called best: step (1 diverged of 8)."


def test_where_every_schedule_lost_runs_the_survivors_are_not_ranked(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("constant", "cosine"):
        make_run(f"scheduler={scheduler}", "seed=0")
        make_run(f"scheduler={scheduler}", "seed=1", accuracy=None, status="failed")
    first, *_, last = lines(page(tmp_path))
    assert first == "There is no best schedule here: every one that completed a run lost others."
    assert "constant (1 failed of 2)" in last


def test_without_a_reference_nothing_is_tested(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(8):
        make_run("scheduler=step", f"seed={seed}", accuracy=0.90)
        make_run("scheduler=cosine", f"seed={seed}", accuracy=0.95)
    first, second = lines(page(tmp_path))
    assert first == "Lowest test error: cosine, 5.00 % (95 % interval 5.00 to 5.00), over 8 seeds."
    assert second.startswith("Nothing was tested: among these schedules there is no single reference.")


def test_one_run_is_compared_with_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    assert lines(page(tmp_path)) == [
        "Lowest test error: step, 10.00 %, over 1 seed.",
        "Nothing was tested: there is no other schedule to compare it with.",
    ]


def test_schedules_of_the_same_error_lead_together(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(7):
        for scheduler, accuracy in {"constant": 0.8, "cosine": 0.9, "step": 0.9}.items():
            make_run(f"scheduler={scheduler}", f"seed={seed}", accuracy=accuracy + seed / 1000)
    first, second, *_ = lines(page(tmp_path))
    assert first.startswith("Lowest test error: cosine and step, 9.70 % (95 %")
    assert second.startswith("Against constant, cosine ")


def test_a_sweep_that_only_tuned_has_no_test_error(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", "read_test=false")
    assert lines(page(tmp_path))[0].startswith("There is no test error yet: 1 run completed")


def test_several_workloads_have_an_answer_each(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    make_winner(make_run, 3, "epochs=3")
    text = page(tmp_path)
    assert "Lowest test error most often: cosine, in 2 of 2 workloads." in text
    assert len(re.findall(r'<section class="answer', text)) == 2
    assert text.count('<table class="pinned">') == 2
    assert text.count("<details>") == 2


def test_workloads_without_a_best_are_not_given_one(make_run: MakeRun, tmp_path: Path) -> None:
    for epochs in (2, 3):
        make_run("scheduler=step", f"epochs={epochs}", accuracy=None, status="diverged")
    assert "2 workloads, and in none of them a schedule that can be called best." in page(tmp_path)


def test_a_stand_in_is_named_first(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("data.requested=mnist", "scheduler=step")
    collection = collect([tmp_path / "sweep"])
    runs = collection.runs.assign(dataset_requested="mnist")
    text = page_of(Collection(runs, []), tmp_path)
    assert "digits, not mnist: mnist could not be had, and digits stood in for it." in text
    assert text.index("digits, not mnist") < text.index("Lowest test error")


def test_an_unfinished_sweep_says_what_is_missing(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    make_run("scheduler=cosine", accuracy=None, status="interrupted")
    text = page(tmp_path, sweep=SWEEP | {"jobs": [{}] * 5})
    assert "Not finished: 3 planned runs without a record." in text
    assert "Not finished: 1 run interrupted." in text


def test_every_run_is_listed_once_with_its_files(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    failed = make_run("scheduler=step", accuracy=None, status="failed", folder="a=1,b/ö #1%")
    (failed / "history.csv").unlink()
    make_run("scheduler=cosine", "read_test=false", "optimizer.lr=0.5", "seed=9")
    listed = Page(re.search(r"<details>.*</details>", page(tmp_path), re.DOTALL)[0])  # type: ignore[index]
    linked = [tmp_path / unquote(link) for link in listed.values("href")]
    assert len(linked) == len(set(linked))
    assert {path for path in linked if path.name == "result.json"} == set(tmp_path.rglob("result.json"))
    assert {path for path in linked if path.name == "history.csv"} == set(tmp_path.rglob("history.csv"))
    assert failed / "result.json" in linked


def test_links_are_found_where_no_folder_is_given(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 1)
    runs = collect([tmp_path / "sweep"]).runs
    text = render(table=comparison(runs), runs=runs, sensitivity=pd.DataFrame(), figures=[], problems=[], sweep=None)
    links = [link for link in Page(text).values("href") if link.endswith("result.json")]
    assert len(links) == 2
    assert all((tmp_path / "sweep" / link).exists() for link in links)


def test_failures_share_a_line_and_unreadable_records_are_named(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(SHOWN + 2):
        make_run("scheduler=step", f"seed={seed}", accuracy=None, status="failed")
    broken = tmp_path / "sweep" / "broken"
    broken.mkdir()
    (broken / "result.json").write_text("{")
    text = page(tmp_path)
    assert text.count("RuntimeError: out of memory") == 1
    assert "and 2 more" in text
    assert "Traceback" not in text
    assert f"{broken / 'result.json'} cannot be read" in text


def test_the_chosen_rate_is_marked_and_so_is_an_edge(make_run: MakeRun, tmp_path: Path) -> None:
    losses = {"0.1": (0.5, 0.3), "0.3": (0.2, 0.2), "1.0": (0.4, 0.1)}
    for lr, (step, cosine) in losses.items():
        make_run("scheduler=step", f"optimizer.lr={lr}", "read_test=false", val_loss=step)
        make_run("scheduler=cosine", f"optimizer.lr={lr}", "read_test=false", val_loss=cosine)
        make_run("scheduler=cyclic", f"optimizer.lr={lr}", "read_test=false", status="diverged")
    text = page(tmp_path)
    assert '<span class="mark chosen">chosen 0.2000</span>' in text
    assert '<span class="mark edge">chosen 0.1000</span>' in text
    assert "at the upper end: larger ones may do better" in text
    assert text.count('<span class="mark lost">lost</span>') == 3
    assert "no rate trains it" in text


def test_a_name_or_an_error_is_text_whatever_it_holds(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    make_run("scheduler=step", "read_test=false")
    make_run("scheduler=cosine", "seed=7", accuracy=None, status="failed")
    runs = collect([tmp_path / "sweep"]).runs
    runs["error"] = HOSTILE
    for column in ("label", "dataset", "dataset_requested", "model", "device", "precision"):
        runs[column] = runs[column].astype(str) + HOSTILE
    hostile = {key: [HOSTILE] if key == "command" else value for key, value in SWEEP.items()}
    hostile["protocol"] = {HOSTILE: [HOSTILE]}
    text = page_of(Collection(runs, [HOSTILE]), tmp_path, sweep=hostile)
    parsed = Page(text)
    assert "script" not in {tag for tag, _ in parsed.tags}
    assert parsed.text.count("<script>alert(1)</script>") > 10


def test_a_folder_cannot_make_a_link_run_something(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", folder="javascript:alert(1)")
    text = page_of(collect([tmp_path / "sweep"]), tmp_path / "sweep")
    links = [link for link in Page(text).values("href") if not link.startswith("#")]
    assert links == ["javascript%3Aalert%281%29/result.json", "javascript%3Aalert%281%29/history.csv"]


def test_the_page_needs_nothing_beside_itself(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    figure = tmp_path / "test_error.svg"
    figure.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    text = page(tmp_path, (figure,), SWEEP)
    assert not re.search(r"https?:|url\(|@import|<script|<link", text)
    assert all(source.startswith("data:image/") for source in Page(text).values("src", "srcset", "data"))


def test_anchors_lead_somewhere(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    make_run("scheduler=step", accuracy=None, status="failed")
    make_run("scheduler=step", "read_test=false")
    figure = tmp_path / "test_error.svg"
    figure.write_text("<svg/>")
    parsed = Page(page(tmp_path, (figure,)))
    anchors = {link[1:] for link in parsed.values("href") if link.startswith("#")}
    assert anchors == {"table", "figures", "rates", "runs", "failures", "method", "columns", "repeat"}
    assert anchors == set(parsed.values("id"))


def test_of_a_large_drawing_the_png_is_embedded(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    sizes = {"lr_curves.svg": LARGE_SVG + 1, "lr_curves.png": 10, "test_error.svg": 10, "test_error.png": 10}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(b"x" * size)
    sources = Page(page(tmp_path, tuple(tmp_path / name for name in sizes))).values("src")
    assert [source.partition(";")[0] for source in sources] == ["data:image/png", "data:image/svg+xml"]


def test_figures_beyond_what_a_page_holds_are_linked(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    paths = [tmp_path / "figures" / f"test_error_{number}.png" for number in (1, 2, 3)]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(b"x" * (EMBEDDED // 3 + 2))
    text = page(tmp_path, tuple(paths))
    assert len(text) < 2 * EMBEDDED
    assert len(Page(text).values("src")) == 2
    assert '<a href="figures/test_error_3.png">' in text


def test_the_command_and_the_state_of_the_code_can_be_read(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    parsed = Page(page(tmp_path, sweep=SWEEP)).text
    assert "python scripts/sweep.py 'schedulers=[a, b]'" in parsed
    assert "0123abcd with uncommitted changes" in parsed
    assert "0 to 2, 5" in parsed
    assert "cpu (4 runs)" in parsed
    assert "the command is not known" in page(tmp_path)


def test_every_column_is_defined(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    for seed, status in enumerate(("diverged", "failed", "interrupted")):
        make_run("scheduler=step", f"seed={seed}", "warmup=0.5", status=status, accuracy=None)
    make_run("scheduler=wsd", "averaging=ema", averaged=0.9)
    table = comparison(collect([tmp_path / "sweep"]).runs)
    names = {name for _, rows in workloads(table) for name in readable(rows)}
    assert {"warmup", "averaged error %", "verdict", "failed"} <= names
    assert {name for name in names if not name.startswith("epochs to")} <= COLUMNS.keys()


@pytest.mark.parametrize(
    ("numbers", "text"), [([3], "3"), ([0, 1, 2], "0 to 2"), ([5, 0, 1, 5, 9], "0 to 1, 5, 9"), ([], "")]
)
def test_numbers_in_a_row_are_written_as_ranges(numbers: list[int], text: str) -> None:
    assert _ranges(numbers) == text
