"""The known formats: each source has a sample of its layout, and is read at the first try or refused by line."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from stream_signal import Config
from stream_signal.core.formats import FORMATS, table
from support.candle_csv import CLOSES, FIRST_TIMESTAMP, candle_csv
from support.commands import Done, metrics_of, run_command, run_in_process
from support.oracle import count
from support.samples import SAMPLES, Sample

if TYPE_CHECKING:
    from pathlib import Path

OLDEST_FIRST = [sample for sample in SAMPLES if not FORMATS[sample.format].newest_first]
NEWEST_FIRST = [sample for sample in SAMPLES if FORMATS[sample.format].newest_first]
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def check(done: Done, closes: list[str]) -> None:
    """Check the metrics against the oracle."""
    rows, signals = count(closes, 5)
    assert (done.code, done.stderr) == (0, "")
    assert signals > 0
    assert (done.record["rows_processed"], done.record["value"]) == (rows, signals / rows)


@every_sample
def test_read_at_the_first_try(sample: Sample, tmp_path: Path) -> None:
    """Every sample is read with nothing but the name of its format."""
    (tmp_path / "sample.csv").write_bytes(sample.file(CLOSES))
    check(run_in_process("sample.csv", "--format", sample.format, cwd=tmp_path), CLOSES)


@pytest.mark.parametrize("sample", OLDEST_FIRST, ids=lambda sample: sample.name)
def test_by_pipe(sample: Sample, tmp_path: Path) -> None:
    """A sample whose rows come oldest first can come through a pipe, too."""
    check(run_in_process("--format", sample.format, stdin=sample.file(CLOSES), cwd=tmp_path), CLOSES)


@pytest.mark.parametrize("sample", NEWEST_FIRST, ids=lambda sample: sample.name)
def test_newest_first_by_pipe(sample: Sample, tmp_path: Path) -> None:
    """A format whose rows come newest first is refused in a pipe, unless a flag says that they are oldest first."""
    done = run_in_process("--format", sample.format, stdin=sample.file(CLOSES), cwd=tmp_path)
    found = "cannot read stdin from its end (newest first)"
    assert (done.code, done.record["error_message"].partition(":")[0]) == (1, found)


@every_sample
def test_the_order_can_be_set(sample: Sample, tmp_path: Path) -> None:
    """With --no-newest-first the rows count in the order in which they come, whatever the format says."""
    (tmp_path / "sample.csv").write_bytes(sample.file(CLOSES))
    done = run_in_process("sample.csv", "--format", sample.format, "--no-newest-first", cwd=tmp_path)
    in_order = CLOSES[::-1] if FORMATS[sample.format].newest_first else CLOSES
    rows, signals = count(in_order, 5)
    assert (done.record["rows_processed"], done.record["value"]) == (rows, signals / rows)


@every_sample
def test_signals(sample: Sample, tmp_path: Path) -> None:
    """The signal lines of a sample have its times."""
    (tmp_path / "sample.csv").write_bytes(sample.file(CLOSES))
    run_in_process("sample.csv", "--format", sample.format, "--signals", "s.csv", cwd=tmp_path)
    with (tmp_path / "s.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["close"] for line in lines] == CLOSES
    assert [line["time"] for line in lines] == [
        sample.time(FIRST_TIMESTAMP + sample.step * at) for at in range(len(CLOSES))
    ]


NEAR = [f"{9 + number % 11 / 20 - 0.25:.2f}" for number in range(0, 280, 7)]
TRY = "stream-signal: try stream-signal "


@every_sample
def test_the_first_command(sample: Sample, tmp_path: Path) -> None:
    """Without a flag a sample is right at once; or it is doubted or refused, and the line to try is right."""
    (tmp_path / "s.csv").write_bytes(sample.file(NEAR))
    layout = FORMATS[sample.format]
    done = run_in_process("s.csv", cwd=tmp_path)
    tried = [line.removeprefix(TRY) for line in done.stderr.splitlines() if line.startswith(TRY)]
    if not sample.head:
        assert done.stderr
        assert tried or done.code == 0
    elif layout.newest_first:
        assert (done.code, tried) == (0, ["s.csv --newest-first"])
        assert done.stderr.startswith("stream-signal: newest first: 39 of 39 (100 %) timestamps are earlier")
    else:
        assert (done.code, done.stderr, tried) == (0, "", [])
    if tried:
        done = run_in_process(*tried[0].split(), cwd=tmp_path)
    rows, signals = count(NEAR, 5)
    assert (done.code, done.record["rows_processed"], done.record["value"]) == (0, rows, signals / rows)


def test_every_format_has_a_sample() -> None:
    """No format of the table is without a sample and a source."""
    assert {sample.format for sample in SAMPLES} == set(FORMATS)
    assert all(layout.source for layout in FORMATS.values())


@pytest.mark.parametrize("name", FORMATS)
def test_another_layout_is_refused(name: str, tmp_path: Path) -> None:
    """A file that does not fit is refused: by the line, or because it has no column of that name."""
    (tmp_path / "data.csv").write_text("1,2,3\n4,5,6\n")
    done = run_in_process("data.csv", "--format", name, "--no-newest-first", cwd=tmp_path)
    settings = Config(format=name)
    missing = f"Missing required column: {settings.column_name!r}"
    assert done.code == 1
    assert (missing if settings.header is True else "line 1: expected ") in done.record["error_message"]


def test_another_number_of_fields(tmp_path: Path) -> None:
    """Without a header, a format takes only rows with as many fields: the third of Kraken's is not its close."""
    done = run_in_process("--format", "bitfinex", stdin=SAMPLES[3].file(CLOSES), cwd=tmp_path)
    assert done.record["error_message"] == "line 1: expected 6 fields in the format bitfinex, found 7"


@pytest.mark.parametrize(
    ("name", "other", "message"),
    [
        (
            "metatrader4",
            "kraken",
            "a date like 2024.12.31 in column 1 in the format metatrader4, found '1700000000'",
        ),
        ("kraken", "metatrader4", "seconds since 1970 in column 1 in the format kraken, found '2023.11.14'"),
        ("coinbase", "bitfinex", "seconds since 1970 in column 1 in the format coinbase, found '1700000000000'"),
        ("bitfinex", "coinbase", "milliseconds since 1970 in column 1 in the format bitfinex, found '1700000540'"),
    ],
)
def test_another_form_of_time(name: str, other: str, message: str, tmp_path: Path) -> None:
    """A file of another source that has as many fields is refused by the form of its times, with its own format."""
    sample = next(sample for sample in SAMPLES if sample.name == other)
    (tmp_path / "data.csv").write_bytes(sample.file(["9.25"] * 10))  # between the low and the high
    done = run_in_process("data.csv", "--format", name, "--no-newest-first", cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, f"line 1: expected {message}")
    words, command = done.stderr.splitlines()[1:3]
    assert words.startswith(f"stream-signal: it has another layout than --format {name}")
    flags = f"--format {other} --no-newest-first" if other == "coinbase" else f"--no-newest-first --format {other}"
    assert command == f"stream-signal: try stream-signal data.csv {flags}"


def test_daily_bars_of_metatrader5(tmp_path: Path) -> None:
    """Daily bars have a date and no time: they are read, and the date is their timestamp."""
    (tmp_path / "D1.csv").write_text("<DATE>\t<OPEN>\t<CLOSE>\n2024.01.02\t1\t2\n2024.01.03\t1\t3\n")
    flags = ("--format", "metatrader5", "--window", "2", "--signals", "s.csv", "--strict")
    assert run_in_process("D1.csv", *flags, cwd=tmp_path).code == 0
    assert (tmp_path / "s.csv").read_text() == "row,time,close,mean,signal\n1,2024.01.02,2,,0\n2,2024.01.03,3,2.5,1\n"


def test_a_later_row_of_another_layout(tmp_path: Path) -> None:
    """A row that does not fit is refused by its line, however the file begins."""
    kraken = SAMPLES[3].file(CLOSES)
    done = run_in_process("--format", "kraken", stdin=kraken + SAMPLES[0].file(["1"]), cwd=tmp_path)
    assert done.record["error_message"] == "line 301: expected 7 fields, found 12"


def test_files_with_and_without_a_header(tmp_path: Path) -> None:
    """Files of one source are one stream though some have a header and some do not, in any order, or concatenated."""
    without, _, with_header = (sample.file(CLOSES) for sample in SAMPLES[:3])
    (tmp_path / "a.csv").write_bytes(without)
    (tmp_path / "b.csv").write_bytes(with_header)
    for order in (["a.csv", "b.csv"], ["b.csv", "a.csv"]):
        check(run_in_process(*order, "--format", "binance", "--quiet", cwd=tmp_path), CLOSES * 2)
    for data in (without + with_header, with_header + without):
        check(run_in_process("--format", "binance", "--quiet", stdin=data, cwd=tmp_path), CLOSES * 2)


def test_a_later_file_of_another_layout(tmp_path: Path) -> None:
    """A later file whose first line is neither a fitting header nor a fitting row is refused by that line."""
    (tmp_path / "a.csv").write_bytes(SAMPLES[0].file(CLOSES))
    (tmp_path / "b.csv").write_bytes(candle_csv(CLOSES))
    done = run_in_process("a.csv", "b.csv", "--format", "binance", cwd=tmp_path)
    message = "b.csv: line 1: expected a row of 12 fields with a close in column 5, as in the first input, found '"
    assert done.record["error_message"].startswith(message)


def test_formats(tmp_path: Path) -> None:
    """`stream-signal formats` prints a line for each format, with its source."""
    done = run_command("formats", cwd=tmp_path)
    assert (done.code, done.stderr, done.stdout.decode()) == (0, "", table())
    lines = done.stdout.decode().splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(FORMATS)
    assert all(line.endswith(layout.source) for line, layout in zip(lines, FORMATS.values(), strict=True))


def test_a_setting_of_the_format_can_be_replaced(tmp_path: Path) -> None:
    """A flag wins over what the format brings: another column of the same layout."""
    done = run_in_process("--format", "kraken", "--column", "6", stdin=SAMPLES[3].file(CLOSES), cwd=tmp_path)
    assert metrics_of(done.stdout)["value"] == 0
