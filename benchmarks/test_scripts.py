"""The scripts run: small, once, with what is installed. No test can judge their figures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from baseline import BASELINE, read
from contenders import COMMAND, contenders, rungs
from keys import MARKETS, PEERS, WINDOWS
from processes import FailedError, measure
from report import markers
from test_tracking import run
from workloads import read_signals, repeated, workload

HERE = Path(__file__).resolve().parent


def script(name: str, *arguments: str) -> str:
    """Run one of the scripts beside this file; return what it printed."""
    command = [sys.executable, str(HERE / name), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, check=True).stdout


def test_peers(tmp_path: Path) -> None:
    """The table has a line for each program that is asked for, and is written only between the markers."""
    document = tmp_path / "README.md"
    shutil.copy(HERE / "README.md", document)
    small = ["--rows", "1000", "--rows-checked", "1000", "--runs", "1", "--startup-runs", "1", "--no-compile"]
    printed = script("peers.py", *small, "--only", "csv", "mawk", "C,", "--output", str(document))
    names = ["csv module"]
    names += [name for name, program in (("mawk", "mawk"), ("C, one loop", "cc")) if shutil.which(program)]
    assert all(f"\n| {name}" in printed for name in names)
    begin, end = markers("peers")
    before, after = (path.read_text().partition(begin)[0] for path in (HERE / "README.md", document))
    assert before == after
    assert document.read_text().partition(begin)[2].partition(end)[0].strip() == printed.strip()


def test_ladder() -> None:
    """The rungs and stream-signal are in the table for each size; a longer file is the largest one several times."""
    printed = script("ladder.py", "--rows", "1000", "2000", "--runs", "1", "--no-compile", "--print")
    lines = [line.strip("| ").split(" | ") for line in printed.splitlines() if line.startswith("| ")]
    names = ["wc -l", *["C, SIMD"] * bool(shutil.which("cc")), "stream-signal", "stream-signal --jobs 1"]
    for rows in ("1,000", "2,000"):
        assert [line[0] for line in lines if line[1] == rows][: len(names)] == names
    work = repeated(workload("plain", 1000), 3)
    done = subprocess.run([COMMAND, str(work.path), "--quiet"], stdout=subprocess.PIPE, check=True)
    metrics = json.loads(done.stdout)
    assert (metrics["rows_processed"], metrics["value"]) == (work.rows, work.signals[5] / work.rows)


def test_the_rung_in_c(tmp_path: Path) -> None:
    """The program in C signals the rows that signal, and refuses what it does not know."""
    if not shutil.which("cc"):
        pytest.skip("no C compiler")
    *_, rung = rungs(tmp_path)
    for kind in ("plain", "flat"):
        work = workload(kind, 100_000)
        measure(rung.showing(work.path, tmp_path / "signals", tmp_path / "means"))
        assert (read_signals(tmp_path / "signals") == work.truth).all()
    texts = ["time,close\n1,2.5\n2,2.25\n3,3\n4,1\n5,9.125\n6,9\n", "close\n1\n2\n3\n4\n2.5\n"]
    for text, answer in zip(texts, ((6, 2), (5, 0)), strict=True):
        (tmp_path / "small.csv").write_text(text)
        assert rung.answer(measure(rung.counting(tmp_path / "small.csv")).stdout) == answer
    for line in ("1,", "1,-4", "1,x", "1,2,3", "1,123456789"):
        (tmp_path / "odd.csv").write_text(f"time,close\n{line}\n")
        with pytest.raises(FailedError, match="ring_simd: row"):
            measure(rung.counting(tmp_path / "odd.csv"))


def test_the_first_wrong_row_is_explained() -> None:
    """Each program that is wrong has its first row in the table: equal in integers, apart in the floats it holds."""
    small = ["--rows", "1000", "--rows-checked", "1000", "--runs", "1", "--startup-runs", "1", "--no-compile"]
    printed = script("peers.py", *small, "--only", "csv", "--print").partition("decides otherwise:")[2]
    lines = [line.strip("| ").split(" | ") for line in printed.strip().splitlines()]
    assert lines[2:] == [
        [
            "csv module, deque",
            "flat minutes",
            "15",
            "42207.43 42207.43 42207.43 42207.43 42207.43",
            "21103715 = 21103715",
            "0",
            "42207.43 > 42207.42999999999",
            "1",
        ]
    ]


def test_contenders(tmp_path: Path) -> None:
    """Every program here shows the signal of each row, and the mean that it follows; exact ones make no mistake."""
    work = workload("flat", 1000)
    closes = [float(line.split(",")[4]) for line in work.path.read_text().splitlines()[1:]]
    for contender in contenders(tmp_path):
        shown = tmp_path / "signals"
        cost = measure(
            contender.showing(work.path, shown, tmp_path / "means"), piped=contender.piped(work.path), folder=tmp_path
        )
        signals = read_signals(shown)
        assert contender.answer(cost.stdout) == (work.rows, int(signals.sum()))
        assert signals.size == work.rows
        means = tmp_path / "means"
        if means.exists() and contender.name != "DuckDB, DECIMAL and product":
            held = np.array(means.read_text().split(), np.float64)
            assert (np.array(closes)[4:] > held[4:]).tolist() == signals[4:].tolist()
            means.unlink()
        if contender.name in {"stream-signal", "DuckDB, DECIMAL and product", "C, one loop"}:
            assert (signals == work.truth).all()


def test_keys() -> None:
    """There is a line for each market and program, and one for each list of windows; ours are exact."""
    printed = script("keys.py", "--rows", "20000", "--rows-checked", "20000", "--runs", "1", "--print", "--no-compile")
    found = [line.split(" | ")[:2] for line in printed.splitlines() if line.startswith("| ")]
    names = ["stream-signal, plain", "stream-signal, --key", *(name for each, name in PEERS.items() if find_spec(each))]
    markets = [f"{symbols:,} {layout}" for symbols, layout in MARKETS]
    wanted = [[f"| {name}", one] for one in markets for name in names]
    assert found[1 : len(wanted) + 1] == wanted
    assert [first for first, *_ in found[-len(WINDOWS) :]] == [f"| {windows}" for windows in WINDOWS]


def test_klines() -> None:
    """There is a line for ours with each input, and for each library; a wrong signal of ours would end it."""
    printed = script("klines.py", "--rows", "1000", "--rows-checked", "1000", "--runs", "1", "--print", "--no-compile")
    speeds, firsts = printed.split("The first row that each decides otherwise:")
    found = [line.split(" | ") for line in speeds.splitlines() if line.startswith("| ")][1:]
    ours = "| stream-signal, --format binance"
    peers = [("polars", "| polars scan_csv, streaming"), ("pandas", "| pandas read_csv, usecols")]
    wanted = [[ours, "file"], [ours, "pipe"], *([name, "file"] for each, name in peers if find_spec(each))]
    assert [line[:2] for line in found] == wanted
    assert [line[-1] for line in found[:2]] == ["0 |", "0 |"]
    wrong = [line[0] for line in found if line[-1] != "0 |"]
    assert [line.split(" | ")[0] for line in firsts.splitlines() if line.startswith("| ")][1:] == wrong


def test_scaling() -> None:
    """There is a line for each way, and every way gives the right answer."""
    printed = script("scaling.py", "--rows", "100000", "--runs", "1", "--print", "--no-compile")
    found = [line.split(" | ")[0] for line in printed.splitlines() if line.startswith("| ")]
    ways = [
        "one process",
        "two processes",
        "as it chooses",
        "two jobs on half each",
        "Dask, 1 worker",
        "Dask, 2 workers",
    ]
    assert found == [f"| {way}" for way in ("way", *ways)]


def test_signal_latency() -> None:
    """There is a line for each input and each pace; that of a long run has its first tenth and its last."""
    printed = script("signal_latency.py", "--paces", "1000", "0", "--seconds", "0.1", "--rows", "500", "--print")
    found = [line.split(" | ")[:2] for line in printed.splitlines()[-6:]]
    assert found == [
        [f"| {input_name}", pace]
        for input_name in ("pipe", "follow", "follow, looking")
        for pace in ("1,000", "saturation")
    ]
    printed = script("signal_latency.py", "--inputs", "pipe", "--paces", "1000", "--soak", "0.2", "--print")
    head, _, line = printed.splitlines()[-3:]
    cells = dict(zip(head.split(" | "), line.split(" | "), strict=True))
    assert (cells["| input"], cells["rows"]) == ("| pipe", "200")
    assert [name for name, cell in cells.items() if ", " in cell] == ["p50", "p99", "p99.9", "RSS MB |"]


def test_signal_bulk() -> None:
    """There is a line for ours with each input and in each format; a wrong signal of ours would end it."""
    printed = script("signal_bulk.py", "--rows", "1000", "--runs", "1", "--no-compile", "--print")
    names = ["| stream-signal |", "| stream-signal, by pipe |", "| stream-signal, JSON Lines |"]
    assert all(f"\n{name}" in printed for name in names)


def test_arrays() -> None:
    """Each program that is installed has its line, and each kind of closes; a wrong signal of ours would end it."""
    printed = script("arrays.py", "--rows", "1000", "--runs", "1", "--no-compile", "--print")
    programs, kinds = (
        [line.split(" | ")[0].removeprefix("| ") for line in part.splitlines() if line.startswith("| ")][1:]
        for part in printed.split("Other closes and windows:")
    )
    peers = [("polars", "polars, rolling_mean"), ("pandas", "pandas, rolling"), ("duckdb", "DuckDB, avg")]
    peers.append(("talib", "TA-Lib, SMA"))
    ours = ["stream-signal, signals", "stream-signal, with means"]
    assert programs == [*ours, *(name for package, name in peers if find_spec(package)), "NumPy, cumsum"]
    assert (len(kinds), kinds[0], kinds[-1]) == (8, "two decimals", "all have 17 digits")


def test_latency() -> None:
    """There is a line for each pace."""
    printed = script("latency.py", "--paces", "1000", "0", "--seconds", "0.1", "--rows", "1000", "--print")
    assert [line.split(" | ")[0] for line in printed.splitlines()[-2:]] == ["| 1,000", "| saturation"]


@pytest.mark.skipif(not find_spec("matplotlib"), reason="matplotlib belongs to the dev extra")
def test_history(tmp_path: Path) -> None:
    """Two saved runs give a picture."""
    for number in (1, 2):
        saved = run(number / 10, datetime=f"{number}", commit_info={"id": "0" * 40, "dirty": True})
        (tmp_path / f"000{number}_run.json").write_text(json.dumps(saved))
    picture = tmp_path / "history.png"
    printed = script("history.py", "--folder", str(tmp_path), "--output", str(picture))
    assert printed == f"{picture}: 2 runs, beside the baseline\n"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_picture_of_the_baseline() -> None:
    """The picture in the README has the ratios of the baseline, in groups and by their names."""
    drawn = re.findall(r"<text[^>]*>([^<]*)</text>", (HERE / "baseline.svg").read_text())
    for name, ratio in read(BASELINE).items():
        if "::" in name:
            group, _, parameters = name.rpartition("::test_")[2].partition("[")
            assert (f"{group}: {parameters.rstrip(']')}" if parameters else group) in drawn
            assert f" {ratio:.3g}" in drawn


@pytest.mark.skipif(not find_spec("matplotlib"), reason="matplotlib belongs to the dev extra")
def test_history_without_a_run(tmp_path: Path) -> None:
    """Before the first run, the picture is that of the baseline, and a line says how to get more."""
    picture = tmp_path / "history.png"
    printed = script("history.py", "--folder", str(tmp_path / "none"), "--output", str(picture))
    assert (printed.count("\n"), "`make bench` saves a run" in printed) == (1, True)
    assert picture.read_bytes().startswith(b"\x89PNG")
