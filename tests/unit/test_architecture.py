"""The architecture: which package may import which, no import cycles, short files, one adapter to Hydra's internals."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.conftest import ROOT

MAX_LINES = 300
HYDRA_ADAPTER = "src.sweeps.hydra_adapter"

# Packages and the packages they may import, besides themselves and the leaves.
PARTS = {"data", "models", "optimizers", "schedules"}
ARROWS: dict[str, set[str]] = {
    "config": set(),
    "data": {"config"},
    "models": {"config"},
    "optimizers": {"config"},
    "schedules": {"config", "optimizers"},
    "training": {"config", *PARTS},
    "runs": {"config", *PARTS, "training"},
    "analysis": {"config", "runs"},  # of runs only the modules in RECORDS
    "sweeps": {"config", *PARTS, "training", "runs", "analysis"},
    "train": {"config", *PARTS, "training", "runs", "analysis", "sweeps"},
    "commands": {"config", *PARTS, "training", "runs", "analysis", "sweeps"},
    "scripts": {"commands"},
    "cli": {"train", "commands"},
}
# May be imported everywhere.
LEAVES = {
    "announce", "csv_files", "errors", "files", "layout", "losses", "program", "seeding", "signals", "status",
    "terminal", "unread", "user_modules",
}  # fmt: skip
DOORS = {"averaging", "callbacks"}  # the names that users write in configs; they only re-export from training
RECORDS = {"src.runs.record"}


def allowed_rooms(room: str) -> set[str]:
    if room in LEAVES:
        return LEAVES
    if room in DOORS:
        return {"training"}
    return {room, *LEAVES, *ARROWS[room]}


def room_of(module: str) -> str:
    """`config` for `src.config.schema`, `files` for `src.files`, `scripts` for every script."""
    first, *rest = module.split(".")
    return rest[0] if first == "src" and rest else first


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def sources() -> dict[str, str]:
    """The text of every module of `src` and `scripts`."""
    paths = [path for folder in ("src", "scripts") for path in sorted((ROOT / folder).rglob("*.py"))]
    return {module_name(path): path.read_text() for path in paths}


@functools.cache
def imports() -> dict[str, set[str]]:
    """Modules of this project imported by each module, including imports inside functions."""
    modules = set(sources())
    return {
        module: {resolve(name, modules) for name in imported_names(text) if name.split(".")[0] in ("src", "scripts")}
        for module, text in sources().items()
    }


def resolve(name: str, modules: set[str]) -> str:
    """The module that an imported name belongs to: `src.errors` for `src.errors.UsageError`."""
    return name if name in modules else name.rpartition(".")[0]


def imported_names(text: str) -> set[str]:
    """Every imported module or object under its full name, except those that only type checkers import."""
    names: set[str] = set()
    for node in walk_at_run_time(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def walk_at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for statement in child.orelse:
                yield from walk_at_run_time(statement)
        else:
            yield from walk_at_run_time(child)


def reachable(modules: set[str]) -> set[str]:
    """The modules and everything they import, directly or not."""
    reached, queue = set(modules), list(modules)
    while queue:
        new = imports()[queue.pop()] - reached
        reached |= new
        queue += new
    return reached


def test_imports_in_functions_count_and_type_checking_imports_do_not() -> None:
    text = """
from typing import TYPE_CHECKING
import src.files
if TYPE_CHECKING:
    from src.train import main
def build():
    from src.config import CONF, schema
"""
    names = imported_names(text)
    assert names == {"typing.TYPE_CHECKING", "src.files", "src.config.CONF", "src.config.schema"}
    modules = {"src.files", "src.config", "src.config.schema"}
    assert {resolve(name, modules) for name in names if name.startswith("src.")} == modules


def test_every_package_has_a_place_in_the_architecture() -> None:
    assert {room_of(module) for module in sources()} - {"src"} <= {*ARROWS, *LEAVES, *DOORS}
    assert set(ARROWS) <= {room_of(module) for module in sources()}
    assert len(imports()["src.train"]) >= 3  # the imports were really read


def test_imports_follow_the_arrows() -> None:
    violations = [
        f"{module} imports {target}"
        for module, targets in imports().items()
        for target in sorted(targets)
        if room_of(target) not in allowed_rooms(room_of(module))
    ]
    assert not violations, "; ".join(violations)


def test_nothing_imports_the_command_lines() -> None:
    importers = [module for module, targets in imports().items() if {"train", "scripts"} & set(map(room_of, targets))]
    assert importers == []


def test_analysis_reads_records_and_never_reaches_the_trainer() -> None:
    analysis = {module for module in sources() if room_of(module) == "analysis"}
    runs = {target for module in analysis for target in imports()[module] if room_of(target) == "runs"}
    assert runs <= RECORDS
    assert {room_of(module) for module in reachable(analysis)} & {"training", *PARTS} == set()


def test_no_import_cycles() -> None:
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        cycle = list(reversed(error.args[1]))
    else:
        cycle = []
    assert not cycle, " imports ".join(cycle)


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {module: len(text.splitlines()) for module, text in sources().items()}
    long = [f"{module} has {length} lines" for module, length in lengths.items() if length > MAX_LINES]
    assert not long, "; ".join(long)


def test_only_the_adapter_imports_private_names_of_hydra() -> None:
    importers = {module for module, text in sources().items() if any(map(is_private_to_hydra, imported_names(text)))}
    assert importers <= {HYDRA_ADAPTER}


def is_private_to_hydra(name: str) -> bool:
    package, *rest = name.split(".")
    return package == "hydra" and any(part.startswith("_") for part in rest)


def test_shapes_import_only_math() -> None:
    modules = {name.split(".")[0] for name in imported_names(sources()["src.schedules.shapes"])}
    assert modules <= {"__future__", "math"}
