"""The seed of the campaign and the summary at its end."""

from __future__ import annotations

import os
import random
from collections import defaultdict

import pytest

from tests.faults.campaign import SEED, Count, choose_seed, generator


def pytest_configure(config: pytest.Config) -> None:
    choose_seed()


def pytest_report_header(config: pytest.Config) -> str:
    return f"{SEED}={os.environ[SEED]} (set it to repeat these faults)"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    return generator(request.node.name)


@pytest.fixture
def count(record_property: Count) -> Count:
    """Adds a number under a name to the summary; names that start with `longest` keep the largest number instead."""
    return record_property


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    totals: dict[str, float] = defaultdict(float)
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if getattr(report, "when", "") == "call":
            for name, number in report.user_properties:
                totals[name] = max(totals[name], number) if name.startswith("longest") else totals[name] + number
    if totals:
        terminalreporter.section("faults")
        for name, number in sorted(totals.items()):
            terminalreporter.line(f"{name}: {number:g}")
