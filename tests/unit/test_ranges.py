"""The lowest versions that are tested are those that pyproject.toml allows."""

from __future__ import annotations

import re
import sys
from itertools import chain
from typing import Any

import pytest

from tests.conftest import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements(project: dict[str, Any]) -> list[str]:
    return [*project["dependencies"], *chain(*project["optional-dependencies"].values())]


def test_lowest_versions_are_the_lower_bounds(project: dict[str, Any]) -> None:
    bounds = {requirement.replace(">=", "==").partition(",")[0] for requirement in requirements(project)}
    lowest = (ROOT / "constraints-lowest.txt").read_text().splitlines()
    assert sorted(lowest[1:]) == sorted(bound for bound in bounds if "==" in bound)


def test_every_requirement_of_the_program_has_a_lower_bound(project: dict[str, Any]) -> None:
    without = {requirement for requirement in requirements(project) if ">=" not in requirement}
    assert without == {"pandas-stubs"}  # follows the version of pandas


def test_lowest_python_is_tested_with_the_lowest_versions(project: dict[str, Any]) -> None:
    job = (ROOT / ".github" / "workflows" / "ci.yml").read_text().partition("\n  lowest:\n")[2]
    assert re.findall(r'python-version: "(.*)"', job) == [project["requires-python"].removeprefix(">=")]
    assert "--constraint constraints-lowest.txt" in job
