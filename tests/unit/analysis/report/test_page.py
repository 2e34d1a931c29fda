"""The HTML page: its order, its completeness, and that it is self-contained."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from matplotlib.figure import Figure

from src.analysis.collect import Collection, collect
from src.analysis.comparison import comparison
from src.analysis.figures.save import save_figure
from src.analysis.final_weights import with_final_weights
from src.analysis.report.answers import answers
from src.analysis.report.page import render
from src.analysis.report.page_figures import LARGE_SVG, MAX_EMBEDDED
from src.analysis.report.page_runs import MAX_LINKS
from src.analysis.report.results import compute_results
from src.analysis.report.tables import COLUMNS, format_table, split_by_workload
from tests.unit.analysis.conftest import GPU, PROVENANCE, MakeRun, make_winner

HOSTILE = "</td><script>alert(1)</script>\"'&"
SWEEP: dict[str, Any] = {
    "command": ["python", "scripts/sweep.py", "schedulers=[a, b]"],
    "planned_at": "2026-01-01T00:00:00+00:00",
    "provenance": {"git_sha": "0123abcd", "git_dirty": True},
    "protocol": {"name": "quick", "tuning_seeds": [1000], "evaluation_seeds": [0, 1, 2, 5], "budgets": []},
    "jobs": [],
}


class Page(HTMLParser):
    """The tags and the text of a page. Fails if a tag is left open or closed twice."""

    VOID = ("meta", "img", "br")
    OPTIONAL = ("tr", "td")  # their end tags may be omitted

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


def page(
    folder: Path,
    figures: tuple[Path, ...] = (),
    *,
    collection: Collection | None = None,
    sweep: dict[str, Any] | None = None,
    num_missing: int = 0,
) -> str:
    """The page of the runs below `folder`, or of a given collection."""
    collection = collection or collect([folder / "sweep"])
    results = compute_results(collection, sweep=sweep, num_missing=num_missing)
    return render(results, answers(results), figures, folder)


def make_figure(folder: Path, name: str, workload: str = "mnist") -> Path:
    """A figure with one curve."""
    figure = Figure()
    figure.suptitle(f"Loss\n{workload}")
    figure.subplots().plot([1, 2], [1, 2], gid="series-cosine", label="cosine")
    path = folder / name
    return next(saved for saved in save_figure(figure, folder, path.stem) if saved == path)


def test_each_workload_has_an_answer(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    make_winner(make_run, 3, "epochs=3")
    text = page(tmp_path)
    assert "Lowest test error most often: cosine, in 2 of 2 tables." in text
    assert len(re.findall(r'<section class="answer', text)) == 2
    assert text.count('<table class="pinned">') == 2
    assert text.count("<details>") == 2
    assert "Over all workloads" not in text  # two budgets of one workload count as one


def test_ranks_over_several_workloads_have_a_table(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    make_winner(make_run, 3, "batch_size=32")
    text = page(tmp_path)
    assert "Mean ranks by test error over 2 tables of 1 data set." in text
    assert '<tr><th scope="row">cosine</th><td>1.00</td><td>0.750</td></tr>' in text


def test_workloads_without_a_best_schedule_say_so(make_run: MakeRun, tmp_path: Path) -> None:
    for epochs in (2, 3):
        make_run("scheduler=step", f"epochs={epochs}", accuracy=None, status="diverged")
    assert "None of the 2 tables has a schedule that can be called best." in page(tmp_path)


def test_fallback_data_set_is_named_first(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("data.requested=mnist", "scheduler=step")
    collection = collect([tmp_path / "sweep"])
    runs = collection.runs.assign(dataset_requested="mnist")
    text = page(tmp_path, collection=Collection(runs, []))
    assert "mnist was unavailable, so these runs used digits instead." in text
    assert text.index("mnist was unavailable") < text.index("Lowest test error")


def test_answer_begins_with_a_mixed_setup(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    assert "not from one setup" not in page(tmp_path)
    make_run("scheduler=cosine", "seed=3", provenance=PROVENANCE | {"num_threads": 2})
    text = page(tmp_path)
    warning = "These runs are not from one setup: 6 with 1 thread and 1 with 2 threads."
    assert warning in re.search(r'<section class="answer.*?</p>', text, re.DOTALL)[0]  # type: ignore[index]


def test_unfinished_sweep_names_what_is_missing(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step")
    make_run("scheduler=cosine", accuracy=None, status="interrupted")
    text = page(tmp_path, num_missing=3)
    assert "Not finished: 3 planned runs without a record, 1 interrupted run. Run the same command to resume." in text


def test_each_run_is_listed_once_with_its_files(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 3)
    failed = make_run("scheduler=step", accuracy=None, status="failed", folder="a=1,b/ö #1%")
    (failed / "history.csv").unlink()
    make_run("scheduler=cosine", "read_test=false", "optimizer.lr=0.5", "seed=9")
    run_list = Page(re.search(r"<details>.*</details>", page(tmp_path), re.DOTALL)[0])  # type: ignore[index]
    linked = [tmp_path / unquote(link) for link in run_list.values("href")]
    assert len(linked) == len(set(linked))
    assert {path for path in linked if path.name == "result.json"} == set(tmp_path.rglob("result.json"))
    assert {path for path in linked if path.name == "history.csv"} == set(tmp_path.rglob("history.csv"))
    assert failed / "result.json" in linked


def test_losses_of_runs_are_short(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=0", val_loss=0.12345)
    make_run("seed=1", val_loss=5.5e30)
    make_run("seed=2", val_loss=None)
    text = page(tmp_path)
    assert "<td>0.1235<td>" in text
    assert "<td>5.5e+30<td>" in text


def test_same_failures_share_a_line_and_unreadable_records_are_named(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(MAX_LINKS + 2):
        make_run("scheduler=step", f"seed={seed}", accuracy=None, status="failed")
    broken = tmp_path / "sweep" / "broken"
    broken.mkdir()
    (broken / "result.json").write_text("{")
    text = page(tmp_path)
    assert text.count("RuntimeError: out of memory") == 1
    assert "and 2 more" in text
    assert "Traceback" not in text
    assert f"{broken / 'result.json'} cannot be read" in text


def test_chosen_learning_rate_and_edge_of_the_grid_are_marked(make_run: MakeRun, tmp_path: Path) -> None:
    errors = {"0.1": (0.05, 0.03), "0.3": (0.02, 0.02), "1.0": (0.02, 0.01)}
    for lr, (step, cosine) in errors.items():
        make_run("scheduler=step", f"optimizer.lr={lr}", "read_test=false", accuracy=1 - step, val_loss=float(lr))
        make_run("scheduler=cosine", f"optimizer.lr={lr}", "read_test=false", accuracy=1 - cosine, val_loss=0.5)
        make_run("scheduler=cyclic", f"optimizer.lr={lr}", "read_test=false", status="diverged")
    text = page(tmp_path)
    assert '<span class="mark chosen">chosen 2.00 (0.3000)</span>' in text
    assert "inside the grid; tied in error with 1<" in text
    assert '<span class="mark edge">chosen 1.00 (0.5000)</span>' in text
    assert "at the upper edge: a larger one may be better" in text
    assert text.count('<span class="mark untrained">no result</span>') == 3
    assert "no learning rate trains it" in text


def test_page_without_a_test_error_claims_no_order(make_run: MakeRun, tmp_path: Path) -> None:
    for scheduler in ("step", "cosine"):
        make_run(f"scheduler={scheduler}", "read_test=false")
    assert "Sorted by mean test error" not in page(tmp_path)
    make_run("scheduler=step", "seed=1")
    assert "Sorted by mean test error" in page(tmp_path)


def test_protocol_of_several_sweeps_is_named(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=3")
    assert "<dd>none: schedules ran as configured</dd>" in page(tmp_path)
    make_run("seed=1000", "read_test=false")
    text = page(tmp_path)
    assert "<dd>that of each sweep</dd>" in text
    assert "<dt>Tuning seeds</dt><dd>1000</dd>" in text.replace("\n", "")
    assert "<dt>Evaluation seeds</dt><dd>3</dd>" in text.replace("\n", "")


def test_rates_that_replicates_chose_are_counted(make_run: MakeRun, tmp_path: Path) -> None:
    chosen = {1000: "0.1", 1001: "0.3", 1002: "0.1"}
    for seed, best in chosen.items():
        for lr in ("0.03", "0.1", "0.3"):
            accuracy = 0.98 if lr == best else 0.9
            make_run("scheduler=step", f"optimizer.lr={lr}", f"seed={seed}", "read_test=false", accuracy=accuracy)
        make_run("scheduler=step", f"optimizer.lr={best}", f"seed={seed - 1000}", accuracy=0.97)
    protocol = {"tune_per_seed": True, "tuning_seeds": list(chosen), "evaluation_seeds": [0, 1, 2]}
    text = page(tmp_path, sweep={"protocol": protocol})
    assert '<span class="mark chosen">chosen by 2 of 3: 2.00 (0.5000)</span>' in text
    assert '<span class="mark edge">chosen by 1 of 3: 10.00 (0.5000)</span>' in text
    assert "at the upper edge: a larger one may be better (1 of 3)" in text


def test_schedule_that_was_evaluated_at_another_rate_than_the_chosen_one_is_named(
    make_run: MakeRun, tmp_path: Path
) -> None:
    make_winner(make_run, 2, "optimizer.lr=0.1")
    for lr, accuracy in {"0.1": 0.9, "0.3": 0.95}.items():
        make_run("scheduler=cosine", f"optimizer.lr={lr}", "seed=9", "read_test=false", accuracy=accuracy)
    assert "Not finished: no evaluation of cosine at the learning rate that tuning chose." in page(tmp_path)


def test_names_and_errors_are_escaped(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    make_run("scheduler=step", "read_test=false")
    make_run("scheduler=cosine", "seed=7", accuracy=None, status="failed")
    runs = collect([tmp_path / "sweep"]).runs
    runs["error"] = HOSTILE
    for column in ("label", "dataset", "dataset_requested", "model", "device", "precision"):
        runs[column] = runs[column].astype(str) + HOSTILE
    hostile = {key: [HOSTILE] if key == "command" else value for key, value in SWEEP.items()}
    hostile["protocol"] = {HOSTILE: [HOSTILE]}
    text = page(tmp_path, collection=Collection(runs, [HOSTILE]), sweep=hostile)
    parsed = Page(text)
    assert [tag for tag, _ in parsed.tags].count("script") == 1  # our own
    assert parsed.text.count("<script>alert(1)</script>") > 10


def test_folder_name_cannot_become_a_script_link(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("scheduler=step", folder="javascript:alert(1)")
    text = page(tmp_path / "sweep", collection=collect([tmp_path / "sweep"]))
    links = [link for link in Page(text).values("href") if not link.startswith("#")]
    assert links == ["javascript%3Aalert%281%29/result.json", "javascript%3Aalert%281%29/history.csv"]


def test_page_is_self_contained(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    figures = [make_figure(tmp_path, "test_error.svg"), make_figure(tmp_path, "lr_curves.png")]
    text = page(tmp_path, tuple(figures), sweep=SWEEP)
    assert not re.search(r"https?:|url\((?!#)|@import|<link", text)
    sources = Page(text).values("src", "srcset", "data")
    assert [source.partition(",")[0] for source in sources] == ["data:image/png;base64"]


def test_page_allows_its_own_script_only(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    text = page(tmp_path)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{}'"
    assert f'content="{policy.format(digest)}"' in text


def test_each_anchor_has_a_target(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    make_run("scheduler=step", accuracy=None, status="failed")
    make_run("scheduler=step", "read_test=false")
    parsed = Page(page(tmp_path, (make_figure(tmp_path, "test_error.svg"),)))
    links = [str(attributes["href"]) for tag, attributes in parsed.tags if tag == "a"]
    anchors = {link[1:] for link in links if link.startswith("#")}
    assert anchors == {
        "table", "figures", "learning-rates", "runs", "failures", "method", "columns", "reproduce",
    }  # fmt: skip
    headings = {attributes.get("id") for tag, attributes in parsed.tags if tag in ("h2", "h3")} - {None, "figure-1"}
    assert anchors == headings
    ids = parsed.values("id")
    assert len(ids) == len(set(ids))


def test_png_replaces_a_large_svg(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    names = ("lr_curves.svg", "lr_curves.png", "test_error.svg", "test_error.png")
    figures = tuple(make_figure(tmp_path, name) for name in names)
    panel = '<g id="axes_1">'
    figures[0].write_text(figures[0].read_text().replace(panel, f"{panel}<text>{'x' * LARGE_SVG}</text>"))
    parsed = Page(page(tmp_path, figures))
    shown = [tag for tag, attributes in parsed.tags if tag == "img" or attributes.get("class") == "panel"]
    assert shown == ["img", "svg"]


def test_figures_beyond_the_size_limit_are_linked(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    paths = [tmp_path / "figures" / f"test_error_{number}.png" for number in (1, 2, 3)]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(b"x" * (MAX_EMBEDDED // 3 + 2))
    text = page(tmp_path, tuple(paths))
    assert len(text) < 2 * MAX_EMBEDDED
    assert len(Page(text).values("src")) == 2
    assert '<a href="figures/test_error_3.png">' in text


def test_command_and_state_of_the_code_are_shown(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    parsed = Page(page(tmp_path, sweep=SWEEP)).text
    assert "python scripts/sweep.py 'schedulers=[a, b]'" in parsed
    assert "0123abcd with uncommitted changes" in parsed
    assert "0 to 2, 5" in parsed
    assert "AMD EPYC (family 26, model 2, stepping 1), 2 cores, AVX512" in parsed
    assert "numpy 2.4.6, torch 2.13.0" in parsed
    assert "The command is unknown" in page(tmp_path)


def test_every_command_is_shown(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    later = {"command": ["python", "scripts/sweep.py", "seeds=[2]"], "planned_at": "2026-01-02T10:30:00+00:00"}
    earlier = {key: SWEEP[key] for key in later}
    parsed = Page(page(tmp_path, sweep={**SWEEP, **later, "commands": [earlier, later]})).text
    assert "Several commands made these runs, the oldest first:" in parsed
    dates = re.findall(r"# (.*) UTC\n(.*)", parsed)
    assert dates == [
        ("2026-01-01 00:00", "python scripts/sweep.py 'schedulers=[a, b]'"),
        ("2026-01-02 10:30", "python scripts/sweep.py 'seeds=[2]'"),
    ]


def test_figures_are_numbered_and_name_their_workload(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    names = {"loss_curves_1.svg": "mnist", "loss_curves_2.svg": "digits"}
    text = page(tmp_path, tuple(make_figure(tmp_path, name, workload) for name, workload in names.items()))
    headings = re.findall(r'<h3 id="(figure-\d)">(.*)</h3>', text)
    assert headings == [("figure-1", "Figure 1. Loss, mnist"), ("figure-2", "Figure 2. Loss, digits")]
    assert text.count("Training and validation loss after each epoch: median") == 2


def test_page_counts_the_runs_made_with_each_version_and_device(make_run: MakeRun, tmp_path: Path) -> None:
    for seed in range(5):
        changes = {"packages": {"torch": "2.12.1"}, "num_threads": 4, "git_sha": "fedcba98"} if seed < 2 else {}
        make_run(f"seed={seed}", provenance=PROVENANCE | changes)  # on one device, from two commits
    make_run("seed=5", **GPU)
    parsed = Page(page(tmp_path)).text
    assert "AMD EPYC, 2 cores (5 runs) and NVIDIA H100 80GB HBM3 (1 run)" in parsed
    assert f"{PROVENANCE['git_sha']} (4 runs) and fedcba98 (2 runs)" in parsed
    assert "numpy 2.4.6 (4 runs) and no numpy (2 runs), torch 2.13.0 (4 runs) and torch 2.12.1 (2 runs)" in parsed
    assert "1 (4 runs) and 4 (2 runs)" in parsed
    assert "cpu (5 runs) and cuda (1 run)" in parsed
    assert "fp32 (5 runs) and bf16 (1 run)" in parsed


def test_page_names_every_validation_set(make_run: MakeRun, tmp_path: Path) -> None:
    make_run("seed=0", validation_examples="aaaa")
    make_run("seed=1", validation_examples="aaaa")
    assert "all runs have the same validation examples (hash aaaa)" in page(tmp_path)
    make_run("seed=2", "data.num_val=100", validation_examples="bbbb")
    text = page(tmp_path)
    sizes = "1257 training, 180 validation and 360 test examples (2 runs) and 1337 training, 100 validation"
    assert sizes in text
    assert "one table for each set of validation examples, with hash aaaa (2 runs) and bbbb (1 run)" in text


def test_each_column_is_defined(make_run: MakeRun, tmp_path: Path) -> None:
    make_winner(make_run, 2)
    for seed, status in enumerate(("diverged", "failed", "interrupted")):
        make_run("scheduler=step", f"seed={seed}", "warmup=0.5", status=status, accuracy=None)
    make_run("scheduler=wsd", "averaging=ema", averaged=0.9)
    table = comparison(with_final_weights(collect([tmp_path / "sweep"]).runs))
    names = {name for _, rows in split_by_workload(table) for name in format_table(rows)}
    assert {"warmup", "last error %", "verdict", "failed"} <= names
    assert {name for name in names if not name.startswith("epochs to")} <= COLUMNS.keys()
