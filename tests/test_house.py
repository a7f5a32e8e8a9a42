"""The order of the house: a file imports only from floors below it, and every test says what it promises."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import stream_signal
from stream_signal import __version__

PACKAGE = Path(stream_signal.__file__).parent
TESTS = Path(__file__).parent
FLOORS = [
    ["__init__", "__main__"],
    ["cli"],
    ["flags"],
    ["job"],
    ["drive"],
    ["checkpoint", "signals", "findings"],
    ["metrics", "follow", "edges", "log", "stopping"],
    ["sources"],
    ["files"],
    ["stream"],
    ["block_engine"],
    ["row_engine", "signal_blocks", "time_blocks"],
    ["signal_text"],
    ["rows", "window_blocks", "signal_lines", "columns"],
    ["rolling", "blocks", "state"],
    ["digits"],
    ["times"],
    ["header", "fields"],
    ["ticks", "config", "repairs", "candles"],
    ["errors"],
]
HEIGHT = {name: -number for number, names in enumerate(FLOORS) for name in names}
CORE = {
    "stream",
    "row_engine",
    "block_engine",
    "columns",
    "time_blocks",
    "state",
    "rows",
    "blocks",
    "digits",
    "window_blocks",
    "signal_blocks",
    "signal_lines",
    "signal_text",
    "times",
    "rolling",
    "header",
    "fields",
    "ticks",
    "config",
    "repairs",
    "candles",
    "errors",
}
NUMPY = {"block_engine", "blocks", "digits", "columns", "window_blocks", "signal_blocks", "signal_text", "time_blocks"}
BESIDE = {("header", "fields"), ("__main__", "cli")}  # header reads a line with fields; both know ticks


def imports(path: Path) -> set[str]:
    """List the modules that a file imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_imports_come_from_below(path: Path) -> None:
    """A file imports from lower floors alone; its floor is known, so a new file has to find its place."""
    for module in imports(path):
        if module.startswith("stream_signal."):
            below = module.removeprefix("stream_signal.")
            assert HEIGHT[below] < HEIGHT[path.stem] or (path.stem, below) in BESIDE


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_core_does_no_io(name: str) -> None:
    """The stream and all beneath it import nothing that opens files, reads clocks, logs or parses arguments."""
    assert not imports(PACKAGE / f"{name}.py") & {
        "os",
        "io",
        "sys",
        "time",
        "datetime",
        "logging",
        "structlog",
        "argparse",
    }
    assert "open(" not in (PACKAGE / f"{name}.py").read_text().replace("_open(", "")


@pytest.mark.parametrize(
    ("package", "room"),
    [
        ("structlog", {"log"}),
        ("yaml", {"config"}),
        ("argparse", {"flags"}),
        ("inotify_simple", {"follow"}),
        ("numpy", NUMPY),
    ],
)
def test_each_package_has_one_room(package: str, room: set[str]) -> None:
    """A heavy package is imported by one room; NumPy by those of the block engine."""
    assert {path.stem for path in PACKAGE.glob("*.py") if package in imports(path)} == room


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_one_idea_one_file(path: Path) -> None:
    """No room outgrows 300 lines."""
    assert path.read_text().count("\n") <= 300


@pytest.mark.parametrize("path", sorted(TESTS.glob("test_*.py")), ids=lambda path: path.stem)
def test_every_test_states_its_promise(path: Path) -> None:
    """Every test has a docstring of one line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert (ast.get_docstring(node) or "\n").count("\n") == 0


def test_the_changelog_has_this_version() -> None:
    """The newest entry of the changelog is the version of the package."""
    changelog = (TESTS.parent / "CHANGELOG.md").read_text()
    newest = next(line for line in changelog.splitlines() if line.startswith("## "))
    assert newest.startswith(f"## {__version__} ")
