"""What the documents say is so: every command in them runs, every output and figure in them comes out."""

from __future__ import annotations

import doctest
import importlib.util
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing, contextmanager, nullcontext
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stream_signal import DoubtWarning
from stream_signal.core.formats import FORMATS
from support.archives import zipped
from support.candle_csv import CLOSES
from support.commands import COMMAND, REPOSITORY, WITHOUT_COLUMNS, metrics_of, run_command, without_latency
from support.oracle import count
from support.samples import SAMPLES
from support.servers import file_server

if TYPE_CHECKING:
    from collections.abc import Iterator

README = (REPOSITORY / "README.md").read_text()
DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]
LINKED = [
    *PAGES,
    REPOSITORY / "AGENTS.md",
    REPOSITORY / "CONTRIBUTING.md",
    REPOSITORY / "CHANGELOG.md",
    REPOSITORY / "benchmarks" / "README.md",
]
# These make the environment that the tests run in, or need an engine: .ci/run and test_image.py run them.
ELSEWHERE = ("make ", "pip install ", "docker ", "cat data.csv | docker ", "mkdir -p output")
# What the guides read besides: a newcomer has such files already.
COPIES = ("jan.csv", "live.csv", "live.csv.1", "growing.csv")
# The same candles, a week later.
LATER = ("feb.csv",)
# What the extras that a page asks for install.
EXTRAS = {
    "arrow": "pyarrow",
    "cluster": "distributed",
    "completion": "shtab",
    "follow": "inotify_simple",
    "ops": "prometheus_client",
    "gs": "fsspec",
    "http": "fsspec",
    "s3": "fsspec",
    "view": "bokeh",
    "zstd": "backports.zstd",
}


def blocks(language: str, text: str = README) -> list[str]:
    """List the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def page(name: str) -> str:
    """Read a page of docs/."""
    return (DOCS / name).read_text()


def steps(text: str) -> list[tuple[str, str | None]]:
    """List what a page has to run, in order: a script, and the output that is shown, None where none is."""
    found: list[tuple[str, str | None]] = []
    for language, block in re.findall(r"```(sh|console)\n(.*?)```", text, re.DOTALL):
        if language == "sh":
            found.append(("\n".join(line for line in block.splitlines() if not line.startswith(ELSEWHERE)), None))
        else:
            found += re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", block, re.MULTILINE)
    return found


def finite(script: str) -> str:
    """Give what would never end an end: what is followed does not grow here."""
    script = script.replace("live.csv.1 live.csv", "live.csv.1 live.csv --quiet")  # here the two are the same
    script = re.sub(r"--follow\b(?!.*--idle-timeout)", "--follow --idle-timeout 0.1", script)
    return re.sub(r"tail -[fF] ", "cat ", script)


@contextmanager
def exchange(folder: Path) -> Iterator[None]:
    """Serve a month with the layout of Binance's here, and put a curl into the folder that downloads it from here."""
    sample = next(sample for sample in SAMPLES if sample.name == "binance spot")
    closes = (CLOSES * (44640 // len(CLOSES) + 1))[:44640]
    archive = zipped({"BTCUSDT-1m-2024-01.csv": sample.file(closes)})
    path = "/data/spot/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip"
    checksum = f"{sha256(archive).hexdigest()}  {path.rpartition('/')[2]}\n"
    with file_server() as server:
        server.files |= {path: archive, f"{path}.CHECKSUM": checksum.encode()}
        script = f'#!/bin/bash\nexec {shutil.which("curl")} "${{@/https:\\/\\/data.binance.vision\\//{server.url}/}}"\n'
        (folder / "curl").write_text(script)
        (folder / "curl").chmod(0o755)
        yield


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a folder with what a newcomer has."""
    for name in ("data.csv", "config.yaml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    for name in COPIES:
        shutil.copy(REPOSITORY / "data.csv", tmp_path / name)
    for name in LATER:
        text = (REPOSITORY / "data.csv").read_text()
        later = re.sub(r"^\d+", lambda time: str(int(time[0]) + 600_000), text, flags=re.MULTILINE)
        (tmp_path / name).write_text(later)
    if importlib.util.find_spec("pyarrow"):
        from pyarrow import csv, parquet

        parquet.write_table(csv.read_csv(REPOSITORY / "data.csv"), tmp_path / "candles.parquet")
    for name in ("jan", "feb"):
        header, *rows = (tmp_path / f"{name}.csv").read_text().splitlines(keepends=True)
        (tmp_path / f"{name}-newest-first.csv").write_text("".join([header, *reversed(rows)]))
    return tmp_path


@pytest.mark.parametrize("path", [path for path in PAGES if steps(path.read_text())], ids=lambda path: path.stem)
def test_command(path: Path, checkout: Path) -> None:
    """Every command of a page succeeds as written, in order; if output is shown, the command prints exactly that."""
    text = path.read_text()
    for extra in re.findall(r"pip install '\.\[(\w+)\]'", text):
        pytest.importorskip(EXTRAS[extra])
    programs = checkout / "bin"
    programs.mkdir()
    path_of_commands = f"{programs}:{Path(COMMAND).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path_of_commands, "HOME": str(checkout)}
    with exchange(programs) if "$ sha256sum -c BTCUSDT" in text else nullcontext():
        for script, shown in steps(text):
            done = subprocess.run(
                ["bash", "-e", "-c", finite(script)],
                cwd=checkout,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if shown is None else subprocess.STDOUT,
                timeout=60,
                check=False,
            )
            if shown is None:
                assert (done.returncode, done.stderr) == (0, b""), script
            else:
                assert without_latency(done.stdout.decode()) == without_latency(shown), script
            if "--rows 10000 --seed 42 > candles.csv" in script:
                assert (checkout / "candles.csv").read_bytes() == (checkout / "data.csv").read_bytes()


def test_the_first_page_is_short() -> None:
    """The README has at most 900 words, and opens with what it is for and the pipe."""
    assert len(README.split()) <= 900
    assert steps(README)[0][0] == "cat data.csv | stream-signal"


def test_the_two_commands_of_the_checkout() -> None:
    """The README has `make run` and `make test`, the Makefile too, and CI runs them."""
    assert ["make run", "make test"] in [
        [line.partition("  ")[0] for line in block.splitlines()] for block in blocks("sh")
    ]
    makefile = (REPOSITORY / "Makefile").read_text()
    assert {"run", "test"} <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    ci = (REPOSITORY / ".ci" / "run").read_text()
    assert "make run" in ci
    assert "make check test-all" in ci


def test_the_help_is_shown(tmp_path: Path) -> None:
    """The reference of the command shows the output of --help, for each command: what several share, once."""
    shown = [block for block in blocks("text", page("reference/command.md")) if block.startswith("usage: ")]
    commands = [[], ["checkpoint"], ["sniff"], ["verify"], ["candles"], ["formats"], ["schema"], ["completion"]]
    helps = [run_command(*command, "--help", cwd=tmp_path, env=WITHOUT_COLUMNS) for command in commands]
    job, *others = [done.stdout.decode().split("\n\n") for done in helps]
    own = [[part for part in parts if part not in job] for parts in others]
    assert ["\n\n".join(parts) for parts in (job, *own)] == shown


LINES = blocks("bash", page("reference/formats.md"))[0].splitlines()
DOWNLOADS = {re.search(r"--format (\w+)", line)[1]: line for line in LINES}  # type: ignore[index]
# In place of the programs that download and unpack: one writes the sample, the other passes it on.
STUBS = {"curl": "WRITE", "unzip": "WRITE", "gunzip": "WRITE", "jq": "cat", "influx": "WRITE"}
STUBS["python"] = 'cat "$SAMPLE" > aapl.csv'
WRITE = 'case "$1" in -sO) ;; *) cat "$SAMPLE" ;; esac'


def test_every_format_has_its_line() -> None:
    """The reference has a line from download to answer for each known format, and its day; the README has one."""
    assert set(DOWNLOADS) == set(FORMATS)
    assert blocks("bash") == [f"{DOWNLOADS['binance']}\n"]
    assert f"each of {len(FORMATS)} sources" in README
    shown = page("reference/formats.md")
    assert all(f"| `{name}` | {layout.seen} |" in shown for name, layout in FORMATS.items())


@pytest.mark.parametrize("name", FORMATS)
def test_from_download_to_answer(name: str, tmp_path: Path) -> None:
    """The line of each format gives the answer, with a sample of its layout in the place of the download."""
    sample = next(sample for sample in SAMPLES if sample.format == name).file(CLOSES)
    (tmp_path / "sample").write_bytes(sample)
    for archive, file in re.findall(r"stream-signal (\S+\.zip)?/?(\S+\.(?:csv|txt))?", DOWNLOADS[name]):
        (tmp_path / (archive or file or "none")).write_bytes(zipped({file or "a.csv": sample}) if archive else sample)
    for program, script in STUBS.items():
        (tmp_path / program).write_text(f"#!/bin/sh\n{WRITE if script == 'WRITE' else script}\n")
        (tmp_path / program).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{Path(COMMAND).parent}:{os.environ['PATH']}",
        "SAMPLE": str(tmp_path / "sample"),
    }
    done = subprocess.run(
        ["bash", "-c", DOWNLOADS[name]], cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False
    )
    rows, signals = count(CLOSES, 5)
    assert (done.returncode, done.stderr) == (0, b"")
    metrics = metrics_of(done.stdout)
    assert (metrics["rows_processed"], metrics["value"]) == (rows, signals / rows)


def test_the_records_are_shown(checkout: Path) -> None:
    """The metrics and the error record are what the command writes."""
    metrics, error = blocks("json", page("reference/metrics-and-log.md"))
    written = metrics_of(run_command("data.csv", cwd=checkout).stdout)
    assert written == metrics_of(metrics.encode())
    (checkout / "data.csv").write_text("timestamp,open\n1,2\n")
    assert run_command("data.csv", cwd=checkout).record == json.loads(error)


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
    """The table of speeds quotes the two that `make bench-peers` wrote."""
    benchmarks = (REPOSITORY / "benchmarks" / "README.md").read_text()
    steps = [row for row in table_under("A ladder", benchmarks) if row["rows"] == "10,000,000"]
    peers = table_under("Other programs, the same work", benchmarks)
    wrong = {(row["program"], row["input"]): row["wrong, flat minutes"] for row in peers}
    measured = [row | {"wrong, flat minutes": wrong.get((row["program"], row["input"]), "")} for row in steps]
    quoted = table_under("Speed", README)
    assert len(quoted) == 4
    for row in quoted:
        assert row in [{key: found[key] for key in row} for found in measured]


@pytest.mark.parametrize("name", ["explanation/reliability.md", "architecture.md"])
def test_the_promises_have_their_tests(name: str) -> None:
    """Every test that a page names is there, in whatever folder."""
    sources = [path.read_text() for path in (REPOSITORY / "tests").rglob("test_*.py")]
    tests = {test for source in sources for test in re.findall(r"^def (test_\w+)\(", source, re.MULTILINE)}
    named = set(re.findall(r"`(test_\w+)`", page(name)))
    assert len(named) > 15
    assert named <= tests


@pytest.mark.parametrize("path", [path for path in PAGES if ">>>" in path.read_text()], ids=lambda path: path.stem)
def test_python_examples(path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python session runs as shown; one with a library of its own, where that is installed."""
    for library in re.findall(r"^>>> import (pandas|polars)\b", path.read_text(), re.MULTILINE):
        pytest.importorskip(library)
    monkeypatch.chdir(checkout)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DoubtWarning)  # which a page may cause on purpose
        assert doctest.testfile(str(path), module_relative=False).failed == 0


def test_the_config_table_is_complete() -> None:
    """The table of the settings is that of the program: key, default, values, flag and meaning."""
    from stream_signal.core.config import SETTINGS
    from stream_signal.core.config_yaml import yaml_line

    lines = ["| key | default | what it may be | flag | meaning |", "|---|---|---|---|---|"]
    for name, row in SETTINGS.items():
        line = yaml_line(row, row.default).removeprefix("# ").partition(": ")[2]
        default = line if row.default is None else f"`{line}`"
        expected = row.kind.expected.replace("|", "\\|")
        lines.append(f"| `{name}` | {default} | {expected} | `{row.flag}` | {row.help} |")
    assert "\n".join(lines) in page("reference/config.md"), "\n".join(lines)


def test_the_log_tables_are_complete() -> None:
    """Every event that the code logs, and every kind of finding and of doubt, is in the reference, and no other is."""
    from stream_signal.core.findings import REPAIRS, TIMES
    from stream_signal.hints.doubts import NEWEST_FIRST, NOTES, WORDS

    code = "".join(path.read_text() for path in (REPOSITORY / "stream_signal").rglob("*.py"))
    events = set(re.findall(r"log\.(?:info|warning|failure)\(\s*\"([^\"]+)\"", code))
    text = page("reference/metrics-and-log.md")
    assert {row["event"].strip("`") for row in table_under("The log", text)} == events
    doubts = WORDS.keys() - {NEWEST_FIRST, *NOTES}  # the first is of the kind `backwards`
    for heading, kinds in (
        ("### Repairs", REPAIRS),
        ("### Timestamps", TIMES),
        ("## Doubts", doubts),
        ("### Notes", NOTES),
    ):
        table = text.partition(f"\n{heading}\n")[2].partition("\n#")[0]
        assert set(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)) == set(kinds)


def test_the_codes_of_errors_are_complete() -> None:
    """The table of the codes has each code that an error may have, and no other."""
    from stream_signal.command.schemas import codes

    text = page("reference/metrics-and-log.md")
    assert [row["code"].strip("`") for row in table_under("The error record", text)] == codes()


def anchors(path: Path) -> set[str]:
    """List the anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(path: Path) -> list[tuple[Path, str]]:
    """List the files that a page links to, each with an anchor or none."""
    found = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", path.read_text())
    return [((path.parent / target).resolve() if target else path, anchor) for target, anchor in found]


@pytest.mark.parametrize("path", LINKED, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(path: Path) -> None:
    """Every link within the repository leads to a file, and to a heading in it."""
    for target, anchor in links(path):
        assert target.is_file(), target
        assert not anchor or anchor in anchors(target), (target, anchor)


def test_every_page_is_linked() -> None:
    """The README leads to the index of docs/, and the index to every page."""
    assert DOCS / "README.md" in {target for target, _ in links(PAGES[0])}
    assert set(PAGES[1:]) - {DOCS / "README.md"} <= {target for target, _ in links(DOCS / "README.md")}


def test_what_stands_in_for_the_usual_files() -> None:
    """There is no requirements.txt and no run.py; the reference says in a line each what replaces them."""
    assert not {"requirements.txt", "run.py"} & set(os.listdir(REPOSITORY))
    replaced = dict(re.findall(r"^- Instead of `(.+?)`: `(.+?)`", page("reference/command.md"), re.MULTILINE))
    assert replaced == {"pip install -r requirements.txt": "pip install .", "python run.py": "stream-signal"}


@pytest.fixture
def fifty_symbols(tmp_path: Path) -> Path:
    """Make the market of the page about many symbols, and the rates that the command finds."""
    made = run_command("candles", "--symbols", "50", "--rows", "20000", "--seed", "42", cwd=tmp_path)
    (tmp_path / "market.csv").write_bytes(made.stdout)
    run_command("market.csv", "--key", "symbol", "--keys-output", "rates.csv", "--quiet", cwd=tmp_path)
    return tmp_path


def rates(folder: Path) -> dict[str, tuple[int, int, float]]:
    """Read the rows, signals and value of each symbol."""
    lines = [line.split(",") for line in (folder / "rates.csv").read_text().splitlines()[1:]]
    return {key: (int(rows), int(signals), float(value)) for key, rows, signals, value in lines}


def test_many_symbols_in_sql(fifty_symbols: Path) -> None:
    """The query for many symbols runs as shown, in SQLite with the closes in cents, and finds the same rates."""
    (query,) = blocks("sql", page("how-to/many-symbols.md"))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE candles (symbol TEXT, timestamp INTEGER, close INTEGER)")
        fields = (line.split(",") for line in (fifty_symbols / "market.csv").read_text().splitlines()[1:])
        candles = [(each[0], int(each[1]), int(each[5].replace(".", ""))) for each in fields]
        connection.executemany("INSERT INTO candles VALUES (?, ?, ?)", candles)
        found = {symbol: tuple(counts) for symbol, *counts in connection.execute(query)}
    assert found == rates(fifty_symbols)


def test_many_symbols_in_pandas(fifty_symbols: Path) -> None:
    """The lines for pandas run as shown, and count for each symbol what pandas counts in its rows alone."""
    pandas = pytest.importorskip("pandas")
    script = blocks("python", page("how-to/many-symbols.md"))[0].rstrip().rpartition("\n")
    names = {"market": pandas.read_csv(fifty_symbols / "market.csv")}
    exec(script[0], names)
    found = eval(script[2], names)
    assert found["size"].to_dict() == {key: rows for key, (rows, _, _) in rates(fifty_symbols).items()}
    assert list(found.columns) == ["size", "sum", "mean"]
    for symbol, candles in names["market"].groupby("symbol"):
        closes = candles["close"]
        assert found["sum"][symbol] == (closes > closes.rolling(5).mean()).sum()
