"""The structure: which folder may import which, where the heavy packages and the tests are, and one version for all."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

import stream_signal
from stream_signal import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(stream_signal.__file__).parent
TESTS = Path(__file__).parent
ROOT = TESTS.parent
MODULES = sorted(PACKAGE.rglob("*.py"))
TEST_FILES = sorted(TESTS.rglob("test_*.py"))
# From the bottom up; a file belongs to the last of these that its place begins with.
LAYERS = [
    "core",
    "core.series",
    "core.text",
    "core.blocks",
    "core.mean",
    "core.series.panel",
    "core.state",
    "core.observers",
    "core.stages",
    "core.stream",
    "hints",
    "stopping",
    "inputs",
    "outputs",
    "job",
    "command",
    "__main__",
    "__init__",
]
SIDE_BY_SIDE = {("outputs", "inputs")}
HOMES = {
    "argparse": ["command.flags"],
    "backports": ["inputs.compressed"],  # for Zstandard
    "fcntl": ["system"],
    "fsspec": ["inputs.remote"],
    "inotify_simple": ["inputs.follow"],
    "msvcrt": ["system"],
    "numpy": ["core.blocks", "inputs.arrow"],  # which pyarrow has loaded by then
    "prometheus_client": ["outputs.prometheus"],
    "pyarrow": ["core.blocks.array_like", "inputs.arrow", "outputs.parquet"],
    "shtab": ["command.completion"],
    "structlog": ["outputs.log"],
    "tqdm": ["job.progress"],
    "yaml": ["core.config_yaml"],
    "zipfile": ["inputs.zipped"],
}
NO_IO = {"argparse", "datetime", "io", "logging", "os", "pathlib", "select", "socket", "structlog", "sys", "time"}
CALLS_OF_IO = {"breakpoint", "input", "open", "print"}


def name_of(path: Path) -> str:
    """Give the dotted name of a module, within the package."""
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix(".__init__")


def place_of(path: Path) -> str:
    """Give the place of a test file, within the tests."""
    return str(path.relative_to(TESTS))


NAMES = {name_of(path) for path in MODULES}


def layer_of(name: str) -> int:
    """Return the number of the layer that a module belongs to, from the bottom."""
    return max(
        (number for number, layer in enumerate(LAYERS) if name == layer or name.startswith(f"{layer}.")),
        key=lambda number: len(LAYERS[number]),
        default=-1,
    )


@cache
def imports(path: Path, *, types: bool = False) -> frozenset[str]:
    """List what a file imports when it runs, wherever in it the import stands, and what for `types` alone."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if not types and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        pending += ast.iter_child_nodes(node)
    return frozenset(found)


def imported_modules(path: Path) -> set[str]:
    """List the modules of the package that a file imports, for types too, `from stream_signal import x` included."""
    every = imports(path, types=True)
    inner = {name.removeprefix("stream_signal.") for name in every if name.startswith("stream_signal.")}
    homes = {
        name: getattr(stream_signal, name).__module__.removeprefix("stream_signal.") for name in stream_signal.__all__
    }
    return {homes.get(name, name) for name in inner} & NAMES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_imports_upwards(path: Path) -> None:
    """A file imports, for types too, from its own layer and those below; inputs and outputs do not know each other."""
    layer = layer_of(name_of(path))
    for module in imported_modules(path):
        assert layer_of(module) <= layer
        assert (LAYERS[layer], LAYERS[layer_of(module)]) not in SIDE_BY_SIDE


def test_nothing_imports_in_a_circle() -> None:
    """No file needs itself, by whatever way round; an import inside a function counts, and one for types."""
    graph = {name_of(path): imported_modules(path) for path in MODULES}
    while free := [name for name, needed in graph.items() if not needed & graph.keys()]:
        for name in free:
            del graph[name]
    assert not graph


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path).startswith("core")], ids=name_of)
def test_the_core_does_no_io(path: Path) -> None:
    """The core opens no file, reads no clock, prints and logs nothing."""
    assert not {name.partition(".")[0] for name in imports(path)} & NO_IO
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & CALLS_OF_IO


@pytest.mark.parametrize("package", HOMES)
def test_each_heavy_package_has_one_home(package: str) -> None:
    """A package that is slow to import, or not there on every system, is imported in one place."""
    users = {name_of(path) for path in MODULES if package in {name.partition(".")[0] for name in imports(path)}}
    assert users
    assert all(any(user == home or user.startswith(f"{home}.") for home in HOMES[package]) for user in users)


# Who has nothing else to tell by than the message of another package, or of an error with the name of a kept pipe.
READERS_OF_MESSAGES = {"job.oracle", "job.verify"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nobody_looks_into_a_message(path: Path) -> None:
    """What an error is, its type and its attributes say: its text is shown, not compared, searched or taken apart."""
    if name_of(path) in READERS_OF_MESSAGES:
        return
    tree = ast.parse(path.read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name} | {"error"}

    # `" ".join(str(error).split())` is the message on one line.
    on_one_line = {
        node.func
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and not node.args and ast.unparse(node.func).endswith((".split", ".splitlines"))
    }

    def is_message(node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute):  # a part of it that is text
            return node.attr in {"expected", "found", "words"} and ast.unparse(node.value) in names
        if isinstance(node, ast.Call) and len(node.args) == 1:
            return ast.unparse(node.func) in {"str", "one_line"} and ast.unparse(node.args[0]) in names
        return False

    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and node not in on_one_line:
            assert not is_message(node.value), ast.unparse(node)
        elif isinstance(node, ast.Compare):
            assert not any(map(is_message, (node.left, *node.comparators))), ast.unparse(node)


MOST_PARAMETERS = 6


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_constructor_takes_much(path: Path) -> None:
    """What is made of more than six parts is made of records."""
    kinds = [kind for kind in ast.walk(ast.parse(path.read_text())) if isinstance(kind, ast.ClassDef)]
    for kind in kinds:
        for method in kind.body:
            if isinstance(method, ast.FunctionDef) and method.name in {"__init__", "__new__"}:
                taken = [*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs][1:]
                assert len(taken) <= MOST_PARAMETERS, f"{kind.name} takes {[each.arg for each in taken]}"


CONFIG = {"config", "settings"}
# The settings, the layout of columns, and how the keys of a stream are found.
HOMES_OF_KEYS = ("core.config", "core.formats", "core.series")


def conditions(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what decides in a piece of code: the tests of `if`, `while`, `assert` and `case`, and of comprehensions."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.Assert)):
            yield node.test
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.match_case) and node.guard:
            yield node.guard
        elif isinstance(node, (ast.BoolOp, ast.Compare)):
            yield node


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path).startswith("core")], ids=name_of)
def test_no_path_of_its_own_for_keys(path: Path) -> None:
    """No key is one key, and one window a list of one: only the series and the settings ask which it is."""
    if any(name_of(path) == home or name_of(path).startswith(f"{home}.") for home in HOMES_OF_KEYS):
        return
    for condition in conditions(ast.parse(path.read_text())):
        for node in ast.walk(condition):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"is_keyed", "has_keys"}, ast.unparse(condition)
                of_config = ast.unparse(node.value).rpartition(".")[2].strip("_") in CONFIG
                assert not (of_config and node.attr in {"key", "windows"}), ast.unparse(condition)


def test_every_folder_has_its_tests() -> None:
    """The tests of a folder of the package are in the folder of that name."""
    for folder in {path.parent.relative_to(PACKAGE) for path in MODULES} - {Path()}:
        assert any((TESTS / folder).glob("test_*.py")), folder


@pytest.mark.parametrize("path", TEST_FILES, ids=place_of)
def test_every_test_states_its_promise(path: Path) -> None:
    """Every test has a docstring of one line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert (ast.get_docstring(node) or "\n").count("\n") == 0


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=place_of)
def test_no_test_module_is_imported(path: Path) -> None:
    """What two test modules need is in tests/support or a conftest.py: neither imports the other."""
    assert not {part for name in imports(path) for part in name.split(".")} & {file.stem for file in TEST_FILES}


@pytest.mark.parametrize("path", TEST_FILES, ids=place_of)
def test_no_test_patches_a_constant(path: Path) -> None:
    """A threshold that a test needs otherwise is a parameter (`Tuning`): no test reaches into a module for it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"setattr", "patch", "object"}:
            names = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            assert not [name for name in names if name.rpartition(".")[2].isupper()]


def test_the_changelog_has_this_version() -> None:
    """The newest entry of the changelog is the version of the package."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest = next(line for line in changelog.splitlines() if line.startswith("## "))
    assert newest.startswith(f"## {__version__} ")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("CITATION.cff", "version: {}"),
        ("examples/kubernetes/cronjob.yaml", "image: stream-signal:{}"),
        ("docs/how-to/verify-a-result.md", "stream-signal        {0}             {0}             yes"),
    ],
)
def test_every_version_is_this_one(path: str, line: str) -> None:
    """A file that names the version names this one."""
    assert line.format(__version__) in [text.strip() for text in (ROOT / path).read_text().splitlines()]


@pytest.mark.parametrize(("tag", "code"), [(f"v{__version__}", 0), (__version__, 1), (f"v{__version__}.1", 1)])
def test_a_release_checks_its_tag(tag: str, code: int) -> None:
    """The workflow of a release stops if its tag is not the version of the package."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    steps = workflow["jobs"]["build"]["steps"]
    (check,) = [step["run"] for step in steps if step.get("name") == "The tag is the version of the package"]
    environment = os.environ | {"GITHUB_REF_NAME": tag, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-e", "-c", check], cwd=ROOT, env=environment, check=False)
    assert done.returncode == code


# What `make test` installs, and folders of the repository.
QUICK = {
    *sys.stdlib_module_names,
    "hypothesis",
    "numpy",
    "packaging",
    "pytest",
    "structlog",
    "stream_signal",
    "support",
    "yaml",
}


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_what_the_quick_tests_import(path: Path) -> None:
    """A file of tests imports no extra, unless it is skipped without it: `make test` installs none."""
    lines = ast.parse(path.read_text()).body
    if any("importorskip" in ast.unparse(line) for line in lines if isinstance(line, (ast.Expr, ast.Assign))):
        return
    imported = [alias.name for line in lines if isinstance(line, ast.Import) for alias in line.names]
    imported += [line.module or "" for line in lines if isinstance(line, ast.ImportFrom)]
    folders = {folder.name for folder in (ROOT / "benchmarks", ROOT / "tests")}
    modules = {file.stem for folder in folders for file in (ROOT / folder).rglob("*.py")}
    assert {name.partition(".")[0] for name in imported} <= QUICK | folders | modules
