"""--signals: a line for each row, the same bytes through every door, each of them once."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.candle_csv import CLOSES, HEADER, candle_csv, row
from support.commands import COMMAND, run_command, run_script, settings_yaml
from support.oracle import count, wanted_rows
from support.processes import start, wait_until_read
from support.scripts import BREAK
from support.strategies import Document, candle_files, close_lists, cuts, documents, windows
from support.streams import by_blocks, lines_of, moved

from stream_signal import Config, SignalStream
from stream_signal.core.blocks.text import mean_table
from stream_signal.core.line_format import CSV_LINES
from stream_signal.core.observers.signal_lines import SignalLines

DATA = candle_csv(CLOSES)


@settings(max_examples=60, deadline=None)
@given(documents(), windows)
def test_exact(document: Document, window: int) -> None:
    """Law 1: every line has the time and the close as they came, and the mean and the signal that fractions give."""
    text = lines_of([document.data], window=window).decode()
    header, *rows = csv.reader(text.splitlines())
    assert header == ["row", "time", "close", "mean", "signal"]
    assert rows == wanted_rows(document.closes, window)


@settings(max_examples=60, deadline=None)
@given(documents(), windows)
def test_json(document: Document, window: int) -> None:
    """JSON Lines tell the same: numbers as numbers, texts as texts, null for what is missing."""
    found = [json.loads(line) for line in lines_of([document.data], "jsonl", window=window).splitlines()]
    for record, (number, time, close, mean, above) in zip(found, wanted_rows(document.closes, window), strict=True):
        assert list(record) == ["row", "time", "close", "mean", "signal"]
        assert record["row"] == int(number)
        assert (record["time"], record["close"] or "") == (time, close)
        assert record["mean"] == (float(mean) if mean else None)
        assert record["signal"] == int(above)


@settings(max_examples=60, deadline=None)
@given(st.data(), candle_files(), windows, st.sampled_from(["error", "missing"]), st.sampled_from(["csv", "jsonl"]))
def test_one_answer(data: st.DataObject, text: bytes, window: int, bad_rows: str, form: str) -> None:
    """Laws 2 and 3: over files of every kind, at any cut and by either engine, the same bytes."""
    options: dict[str, Any] = {"window": window, "bad_rows": bad_rows}
    wanted = lines_of([text], form, **options)
    engine = by_blocks(data.draw(st.sampled_from([100, 1000, 65536])))
    assert lines_of(data.draw(cuts(text)), form, engine, **options) == wanted


@settings(max_examples=60, deadline=None)
@given(st.data(), documents(), windows)
def test_stopped_anywhere(data: st.DataObject, document: Document, window: int) -> None:
    """Law 5: over stops at random bytes, the lines are those without a stop."""
    config, lines = Config(window=window), SignalLines("csv")
    stream, told, fed = SignalStream(config, [lines]), CSV_LINES.header, 0
    for piece in data.draw(cuts(document.data)):
        end = fed + len(piece)
        stream.feed(document.data[fed:end])
        told += lines.take()
        stopped, offset = moved(stream, config)
        assert stopped.rows == stream.rows
        stream = SignalStream.from_state(config, stream.state(), [lines])
        stream.feed(document.data[offset:end])
        fed = end
    stream.finish()
    assert told + lines.take() == lines_of([document.data], window=window)


@settings(max_examples=15, deadline=None)
@given(close_lists, windows, st.data())
def test_every_door(closes: list[str], window: int, data: st.DataObject) -> None:
    """Law 6: by file, by pipe, and with a checkpoint over a file that grows by odd bytes: the same bytes."""
    text = candle_csv(closes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(settings_yaml(window=window, bad_rows="missing"))
        (folder / "data.csv").write_bytes(text)
        assert run_command("data.csv", "--signals", "s.csv", cwd=folder).code == 0
        wanted = (folder / "s.csv").read_bytes()
        assert list(csv.reader(wanted.decode().splitlines()))[1:] == wanted_rows(closes, window)
        piped = run_command("--signals", "-", "--output", "m.json", stdin=text, cwd=folder)
        assert (piped.code, piped.stdout) == (0, wanted)
        for end in sorted(data.draw(st.lists(st.integers(len(HEADER) + 1, len(text)), max_size=3))):
            (folder / "data.csv").write_bytes(text[:end])
            run_command("data.csv", "--signals", "r.csv", "--checkpoint", "state.json", cwd=folder)
        (folder / "data.csv").write_bytes(text)
        done = run_command("data.csv", "--signals", "r.csv", "--checkpoint", "state.json", cwd=folder)
        assert done.record["rows_processed"] == len(closes)
        assert (folder / "r.csv").read_bytes() == wanted


@pytest.mark.parametrize(
    ("header", "flags", "time"),
    [
        ("timestamp,close", [], "a"),
        ("unix,date,close", [], "a"),
        ("x, <DATE> ,close", [], "b"),
        ("x,ts_event,close", [], "b"),
        ("open_time,close", [], "a"),
        ("timestamps,close", [], ""),
        ("timestamp,when,close", ["--time-column", "When"], "b"),
        ("timestamp,when,close", ["--time-column", "2"], "b"),
        ("close,time", [], "b"),
    ],
)
def test_the_column_of_the_times(header: str, flags: list[str], time: str, tmp_path: Path) -> None:
    """The first column of a known name, whole and case-folded, or the one that is asked for; else it is empty."""
    names = header.split(",")
    cells = ["5" if name == "close" else "ab"[number] for number, name in enumerate(names)]
    text = (header + "\r\n" + ",".join(cells) + "\r\n").encode()
    done = run_command("--signals", "-", "--output", "m.json", *flags, stdin=text, cwd=tmp_path)
    assert done.stdout.decode() == f"row,time,close,mean,signal\n1,{time},5,,0\n"


@settings(max_examples=300)
@given(
    st.lists(st.one_of(st.integers(0, 10**4), st.integers(0, 10**14)), min_size=1, max_size=20),
    st.sampled_from([1, 2, 4, 5, 8, 10, 20, 25, 50, 64, 200, 1000, 3, 7, 60]),
    st.integers(0, 8),
)
def test_means_as_decimals(sums: list[int], window: int, places: int) -> None:
    """A mean that is written from integers is what Python writes for the float64 nearest to it, digit for digit."""
    divisor = window * 10**places
    table = mean_table(np.array(sums), divisor)
    if table is not None:
        written = [bytes(line).translate(None, b"\0").decode() for line in table]
        assert written == [repr(total / divisor) for total in sums]
    elif window not in {3, 7, 60}:  # those that no decimal of few digits divides by
        decimals = next(decimals for decimals in range(1, 40) if 10**decimals % divisor == 0)
        long = max(sums) * 10**decimals // divisor >= 10**15
        assert decimals > 16 or long or any(0 < total * 10_000 < divisor for total in sums)


def test_a_long_time_among_short_ones() -> None:
    """One time of 100,000 characters does not make a table of all."""
    text = ("time,close\n" + "60,1\n" * 50_000 + "t" * 100_000 + ",2\n").encode()
    tracemalloc.start()
    told = lines_of([text], engine=by_blocks(1024 * 1024))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told.splitlines()[-1] == b"50001," + b"t" * 100_000 + b",2,1.2,1"
    assert peak < 100_000_000


def test_a_time_column_that_is_not_there(tmp_path: Path) -> None:
    """It is an error like that of a missing close."""
    done = run_command("--signals", "s.csv", "--time-column", "when", stdin=DATA, cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, "Missing required column: 'when'")


@pytest.mark.parametrize(
    ("closes", "mean", "as_csv"),
    [(["1e308", "9e308"], 5e308, "1e999"), (["-9e399", "-9e399"], float("-inf"), "-1e999"), (["1", "2"], 1.5, "1.5")],
)
def test_a_mean_beyond_the_floats(closes: list[str], mean: float, as_csv: str) -> None:
    """A mean that no float64 is near to is infinite to whoever reads the line, as CSV or JSON."""
    last = lines_of([candle_csv(closes)], window=2).splitlines()[-1].decode().split(",")
    assert (last[3], float(last[3])) == (as_csv, mean)
    assert json.loads(lines_of([candle_csv(closes)], "jsonl", window=2).splitlines()[-1])["mean"] == mean


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_times_that_need_quotes(form: str) -> None:
    """A time with a delimiter, a quote, or letters beyond ASCII comes out as it went in, by either engine."""
    times = ['a,"b"', "1,5", "\u6642\u9593", "x\\y", "plain"]
    text = "time;close\n" + "".join(
        f'"{time.replace(chr(34), chr(34) * 2)}";1\n{number};2\n' for number, time in enumerate(times)
    )
    text += "1,5;3\nx\\y;4\n\u6642;5\n" * 3
    wanted = lines_of([text.encode()], form)
    assert lines_of([text.encode()], form, by_blocks(65536)) == wanted
    if form == "csv":
        found = [cells[1] for cells in csv.reader(wanted.decode().splitlines()[1:])]
    else:
        found = [json.loads(line)["time"] for line in wanted.splitlines()]
    assert found[0:10:2] == times
    assert found[10:13] == ["1,5", "x\\y", "\u6642"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--signals", "-"], "the metrics need --output FILE"),
        (["--signals-format", "csv"], "there are no --signals"),
        (["--signals", "s", "--signals-format", "xml"], "invalid choice"),
        (["--time-column", "x"], "there are no --signals"),
        (["--signals", "data.csv", "data.csv"], "that is an input"),
        (["--signals", "m", "--output", "m"], "that is the output"),
        (["--signals", "s", "--checkpoint", "s"], "that is the signals"),
    ],
)
def test_usage(arguments: list[str], complaint: str, tmp_path: Path) -> None:
    """A command line that makes no sense is exit 2, and nothing is written."""
    (tmp_path / "data.csv").write_bytes(DATA)
    done = run_command(*arguments, cwd=tmp_path)
    assert (done.code, done.stdout) == (2, b"")
    assert complaint in done.stderr
    assert os.listdir(tmp_path) == ["data.csv"]


def test_the_name_tells_the_format(tmp_path: Path) -> None:
    """JSON Lines where the name ends so, unless the format is set."""
    for name, flags, first in (
        ("s.jsonl", [], b"{"),
        ("s.ndjson", [], b"{"),
        ("s.txt", ["--signals-format", "jsonl"], b"{"),
        ("x.jsonl", ["--signals-format", "csv"], b"r"),
    ):
        assert run_command("--signals", name, *flags, stdin=DATA, cwd=tmp_path).code == 0
        assert (tmp_path / name).read_bytes()[:1] == first


def test_a_bad_row_ends_it_after_those_before(tmp_path: Path) -> None:
    """The rows before a bad one are told, whole, and the old file stands where there are none."""
    done = run_command("--signals", "s.csv", stdin=candle_csv(["1", "2", "x"]), cwd=tmp_path)
    assert done.code == 1
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == 3
    before = (tmp_path / "s.csv").read_bytes()
    assert run_command("--signals", "s.csv", stdin=b"no header\n", cwd=tmp_path).code == 1
    assert (tmp_path / "s.csv").read_bytes() == before


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    """`| head` ends the run quietly."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES * 100))
    command = f"{COMMAND} data.csv --signals - --output m.json; echo $? >&2"
    done = subprocess.run(f"({command}) | head -n 2", shell=True, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.splitlines()[0] == b"row,time,close,mean,signal"
    assert done.stderr == b"0\n"


def test_stdout_by_another_name(tmp_path: Path) -> None:
    """/dev/stdout is stdout: what stands in the file that it goes to is not cut back."""
    (tmp_path / "out").write_bytes(b"precious\n")
    with (tmp_path / "out").open("ab") as out:
        command = [COMMAND, "--signals", "/dev/stdout", "--output", "m.json"]
        subprocess.run(command, input=DATA, stdout=out, cwd=tmp_path, check=True)
    text = (tmp_path / "out").read_bytes()
    assert text.startswith(b"precious\nrow,time,close,mean,signal\n")
    assert text.count(b"\n") == 302
    done = run_command("--signals", "/dev/stdout", stdin=DATA, cwd=tmp_path)
    assert (done.code, "the metrics need --output FILE" in done.stderr) == (2, True)


@pytest.mark.parametrize("odd", ["15000 ", " 15000", "15000\r", "", '"1,5"', "x" * 100])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_one_odd_time_among_many(odd: str, form: str) -> None:
    """A time unlike the others, anywhere in a block, is told as the row engine tells it."""
    text = "time,close\n" + "".join(
        f"{odd if number == 500 else 14000 + number},{number % 5}\n" for number in range(1000)
    )
    wanted = lines_of([text.encode()], form)
    assert lines_of([text.encode()], form, by_blocks(65536)) == wanted


def test_a_full_disk(tmp_path: Path) -> None:
    """A line that the disk does not take is not left there by half, and no checkpoint says that it was."""
    (tmp_path / "data.csv").write_bytes(DATA)
    arguments = ("data.csv", "--signals", "s.csv", "--checkpoint", "state.json")
    done = run_script(BREAK, "write", "/s.csv", "ENOSPC", *arguments, cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, "cannot write 's.csv': No space left on device")
    assert (tmp_path / "s.csv").read_bytes() == b""
    assert not (tmp_path / "state.json").exists()
    command = ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", COMMAND, *arguments]
    limited = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert limited.returncode == 1
    assert (tmp_path / "s.csv").read_bytes()[-1:] in {b"", b"\n"}


@pytest.mark.parametrize("name", ["s.csv", "s.jsonl"])
def test_exactly_once(name: str, tmp_path: Path) -> None:
    """What was written after the last checkpoint is cut off when it is taken up, and written again, once."""
    arguments = ("data.csv", "--signals", name, "--checkpoint", "state.json")
    (tmp_path / "data.csv").write_bytes(DATA[:5000])
    run_command(*arguments, cwd=tmp_path)
    with (tmp_path / name).open("ab") as file:
        file.write(b"999,torn by a ki")
    (tmp_path / "data.csv").write_bytes(DATA)
    assert run_command(*arguments, cwd=tmp_path).code == 0
    run_command("data.csv", "--signals", f"plain-{name}", cwd=tmp_path)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"plain-{name}").read_bytes()


def test_other_signals(tmp_path: Path) -> None:
    """Signals that are not those that the checkpoint wrote, or none, or in another format, are refused."""
    (tmp_path / "data.csv").write_bytes(DATA)
    arguments = ("data.csv", "--checkpoint", "state.json")
    assert run_command(*arguments, "--signals", "s.csv", cwd=tmp_path).code == 0
    done = run_command(*arguments, cwd=tmp_path)
    assert "its signals was csv, and is None now" in done.record["error_message"]
    done = run_command(*arguments, "--signals", "s.jsonl", cwd=tmp_path)
    assert "its signals was csv, and is jsonl now" in done.record["error_message"]
    (tmp_path / "s.csv").write_bytes((tmp_path / "s.csv").read_bytes()[:-1])
    done = run_command(*arguments, "--signals", "s.csv", cwd=tmp_path)
    assert "of 's.csv' it has written" in done.record["error_message"]
    (tmp_path / "s.csv").write_bytes(b"x" * 100_000)
    done = run_command(*arguments, "--signals", "s.csv", cwd=tmp_path)
    assert "'s.csv' does not hold what it has written" in done.record["error_message"]
    assert (tmp_path / "s.csv").read_bytes() == b"x" * 100_000


def test_told_as_they_come(tmp_path: Path) -> None:
    """A row that comes through a pipe is told before the next one comes."""
    with start(tmp_path, "--signals", "-", "--output", "m.json") as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(HEADER.encode())
        for number, close in enumerate(CLOSES[:20]):
            process.stdin.write((row(number, close) + "\n").encode())
            if number == 0:
                process.stdout.readline()
            assert process.stdout.readline().startswith(b"%d," % (number + 1))
        process.communicate(timeout=30)
    rows, signals = count(CLOSES[:20], 5)
    assert json.loads((tmp_path / "m.json").read_text())["value"] == signals / rows


def test_stopped_by_a_signal(tmp_path: Path) -> None:
    """With a checkpoint, a stop loses no line of a file."""
    arguments = ("--signals", "s.csv", "--checkpoint", "state.json")
    with start(tmp_path, *arguments) as process:
        wait_until_read(process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == 201
    assert run_command(*arguments, stdin=DATA, cwd=tmp_path).code == 0
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == 501


def test_a_tail_and_a_consumer(tmp_path: Path) -> None:
    """`tail -f growing.csv | stream-signal --signals - --output m.json | consumer`, with real processes."""
    growing = tmp_path / "growing.csv"
    growing.write_bytes(candle_csv(CLOSES[:10]))
    tail = "tail -n +1 -f growing.csv & echo $! > tail.pid; wait $!"
    command = f"({tail}) | {COMMAND} --signals - --output m.json | sed -u 's/,.*//'"
    with subprocess.Popen(command, shell=True, cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"row\n"
        for number in range(10):
            assert process.stdout.readline() == b"%d\n" % (number + 1)
        for number, close in enumerate(CLOSES[10:30], start=10):
            with growing.open("a") as file:
                file.write(row(number, close) + "\n")
            assert process.stdout.readline() == b"%d\n" % (number + 1)
        os.kill(int((tmp_path / "tail.pid").read_text()), signal.SIGTERM)
        assert process.stdout.read() == b""
    rows, signals = count(CLOSES[:30], 5)
    record = json.loads((tmp_path / "m.json").read_text())
    assert (record["rows_processed"], record["value"]) == (rows, signals / rows)
