"""What the README says is so: every command in it runs, every figure of it comes out."""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.commands import COMMAND, REPOSITORY, metrics_of, run_command

README = (REPOSITORY / "README.md").read_text()
# These make the environment that the tests run in, or need an engine: .ci/run and test_image.py run them.
ELSEWHERE = ("make run", "make test", "docker ", "cat data.csv | docker ", "mkdir -p output")


def blocks(language: str) -> list[str]:
    """List the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


LINES = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
COMMANDS = [line for line in LINES if not line.startswith(ELSEWHERE)]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a folder with what a newcomer has."""
    for name in ("data.csv", "config.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    shutil.copy(REPOSITORY / "data.csv", tmp_path / "jan.csv")
    shutil.copy(REPOSITORY / "data.csv", tmp_path / "feb.csv")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_command(command: str, checkout: Path) -> None:
    """Every command of the README succeeds as it stands there."""
    environment = os.environ | {"PATH": f"{Path(COMMAND).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        command, shell=True, cwd=checkout, env=environment, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    if "candles" in command:
        assert (checkout / "candles.csv").read_bytes() == (checkout / "data.csv").read_bytes()


def test_the_first_lines_are_the_two_commands() -> None:
    """The README opens with `make run` and `make test`, and the Makefile has them."""
    assert [line.partition("  ")[0] for line in blocks("sh")[0].splitlines()] == ["make run", "make test"]
    makefile = (REPOSITORY / "Makefile").read_text()
    assert {"run", "test"} <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    ci = (REPOSITORY / ".ci" / "run").read_text()
    assert "make run" in ci
    assert "make check test-all" in ci


def test_the_help_is_shown(tmp_path: Path) -> None:
    """The table of options is the output of --help."""
    shown = blocks("text")[0]
    assert run_command("--help", cwd=tmp_path).stdout.decode() == shown


def test_the_records_are_shown(checkout: Path) -> None:
    """The metrics and the error record are what the command writes."""
    metrics, error = blocks("json")
    assert metrics_of(run_command("data.csv", cwd=checkout).stdout) == metrics_of(metrics.encode())
    (checkout / "data.csv").write_text("timestamp,open\n1,2\n")
    assert run_command("data.csv", cwd=checkout).record == json.loads(error)


@pytest.mark.slow
def test_the_figures_come_out() -> None:
    """The table of wrong rows is the output of `make exactness`."""
    done = subprocess.run(
        [sys.executable, "benchmarks/exactness.py"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    table = done.stdout.partition("\n")[2]
    assert table in README


def table_under(heading: str, text: str) -> list[dict[str, str]]:
    """Read the first table under a heading."""
    lines = re.findall(r"(?:^\|.*\n)+", text.partition(f"\n## {heading}\n")[2], re.MULTILINE)[0].splitlines()
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_the_speeds_are_those_measured() -> None:
    """The table of speeds quotes the one that `make bench-peers` wrote."""
    measured = table_under("Other programs, the same work", (REPOSITORY / "benchmarks" / "README.md").read_text())
    quoted = table_under("Speed", README)
    assert len(quoted) > 5
    for row in quoted:
        assert row in [{key: found[key] for key in row} for found in measured]


def test_the_promises_have_their_tests() -> None:
    """Every test that the documents name is there; the name of its folder may be left out."""
    text = "".join(path.read_text() for path in (REPOSITORY / "docs").rglob("*.md"))
    named = re.findall(r"`(?:tests/)?((?:\w+/)*test_\w+\.py)::(test_\w+)`", text)
    assert len(named) > 20
    for file, test in named:
        assert any(f"\ndef {test}(" in path.read_text() for path in (REPOSITORY / "tests").rglob(file)), (file, test)


def test_python_examples(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python session runs as shown."""
    monkeypatch.chdir(checkout)
    assert doctest.testfile(str(REPOSITORY / "README.md"), module_relative=False).failed == 0


def test_the_config_table_is_complete() -> None:
    """Every key of the config is in the table, with its default."""
    from stream_signal import Config

    rows = dict(re.findall(r"^\| `(\w+)` \| (\S+) \| ", README, re.MULTILINE))
    settings = {key: json.dumps(value).strip('"') for key, value in Config()._asdict().items()} | {"delimiter": "found"}
    assert {key: rows[key].strip('`"') for key in settings} == settings
