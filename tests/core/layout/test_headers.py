"""Headers that do not fit their rows: a delimiter too many, a name too few, further lines below the names."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream
from support.commands import run_in_process
from support.streams import BY_ROWS, by_blocks, counted

if TYPE_CHECKING:
    from pathlib import Path

CLOSES = ["1.5", "2.5", "1.25", "2.75", "2", "3", "1", "2.125"]
DAYS = [f"2024-01-{day:02}" for day in range(1, 9)]
CANDLES = [f"1.75,3,1,{close}" for close in CLOSES]

PLAIN = "time,close\n" + "".join(f"{day},{close}\n" for day, close in zip(DAYS, CLOSES, strict=True))
SPARE_NAME = "time,open,high,low,close,\n" + "".join(f"{day},{row}\n" for day, row in zip(DAYS, CANDLES, strict=True))
INDEX = "time,open,high,low,close\n" + "".join(
    f"{at},{day},{row}\n" for at, (day, row) in enumerate(zip(DAYS, CANDLES, strict=True))
)
CLOCK = "Date,Open,High,Low,Close,Volume\n" + "".join(
    f"2024-01-02,09:{minute:02},{row},7\n" for minute, row in enumerate(CANDLES)
)
AT_THE_END = "time,open,high,low,close\n" + "".join(f"{day},{row},\n" for day, row in zip(DAYS, CANDLES, strict=True))
TWO_LEVELS = "Price,Close,High\nTicker,ABC,ABC\nDate,,\n" + "".join(
    f"{day},{close},3\n" for day, close in zip(DAYS, CLOSES, strict=True)
)
UNITS = PLAIN.replace("\n", "\n(UTC),USD\n", 1)
ANNOTATIONS = "#group,false,true\n#datatype,string,double\n#default,,\n"
TABLES = "".join(
    f"{ANNOTATIONS},_time,close\n" + "".join(f",{day},{close}\n" for day, close in table) + "\n"
    for table in (list(zip(DAYS[:5], CLOSES[:5], strict=True)), list(zip(DAYS[5:], CLOSES[5:], strict=True)))
)
FILES = {
    "a delimiter too many": SPARE_NAME,
    "an index": INDEX,
    "a clock": CLOCK,
    "a delimiter at the end of rows": AT_THE_END,
    "names of two levels": TWO_LEVELS,
    "annotations": TABLES,
    "units": UNITS,
}


def signals_of(text: str, tmp_path: Path, *flags: str) -> list[tuple[str, ...]]:
    """Run a job; return the times, closes and signals of its rows."""
    (tmp_path / "data.csv").write_text(text)
    done = run_in_process("data.csv", "--window", "2", "--strict", "--signals", "s.csv", *flags, cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    rows = [line.split(",") for line in (tmp_path / "s.csv").read_text().splitlines()[1:]]
    return [(row[1], row[2], row[4]) for row in rows]


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_right_at_once(text: str, tmp_path: Path) -> None:
    """The closes, the signals and the times are those of a file with a plain header, without a doubt."""
    times = [f"2024-01-02 09:{minute:02}" for minute in range(8)] if text is CLOCK else DAYS
    plain = signals_of(PLAIN, tmp_path)
    assert signals_of(text, tmp_path) == [(time, *rest) for time, (_, *rest) in zip(times, plain, strict=True)]


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        (TWO_LEVELS, {"header_lines": 2}),
        (TWO_LEVELS * 2, {"header_lines": 4, "repeated_headers": 1}),
        (TABLES, {"header_lines": 6, "blank_lines": 2, "repeated_headers": 1}),
        (UNITS, {"header_lines": 1}),
        (SPARE_NAME * 2, {"repeated_headers": 1}),
        (INDEX * 2, {"repeated_headers": 1}),
        (PLAIN, {}),
    ],
)
def test_repairs(text: str, repairs: dict[str, int]) -> None:
    """Each line of a header besides its names is a repair, also where the header comes again."""
    for engine in (BY_ROWS, by_blocks(64), by_blocks(65536)):
        stream = SignalStream(Config(window=2), **engine)
        stream.feed(text.encode())
        assert stream.finish().rows == 8 * (2 if text not in FILES.values() and text != PLAIN else 1)
        assert stream.repairs.counts == repairs


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (SPARE_NAME, "the header ends with a delimiter that the rows do not have, and the empty name behind it"),
        (INDEX, "the header has a name too few, and column 1 is read as the one without a name"),
        (CLOCK, "the header has a name too few, and column 2 is read as the one without a name"),
        (AT_THE_END, "the header has a name too few, and column 6 is read as the one without a name"),
    ],
)
def test_a_note(text: str, note: str, tmp_path: Path) -> None:
    """What was taken otherwise than written is a note, which stands in the log."""
    (tmp_path / "data.csv").write_text(text)
    assert run_in_process("data.csv", "--log-file", "log", "--strict", cwd=tmp_path).stderr == ""
    assert note in (tmp_path / "log").read_text()


@given(
    text=st.sampled_from([*FILES.values(), PLAIN]),
    end=st.sampled_from(["\n", "\r\n"]),
    cuts=st.lists(st.integers(0, 400), max_size=5),
    data=st.data(),
)
def test_any_cut(text: str, end: str, cuts: list[int], data: st.DataObject) -> None:
    """Cut anywhere, stopped anywhere, read by either engine: the rows, their times and the layout are the same."""
    count = data.draw(st.integers(1, 30))
    content = end.join(text.split("\n")[:count]).encode()
    config = Config(window=2)
    bounds = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = [content[start:stop] for start, stop in pairwise(bounds)]
    stops = data.draw(st.sets(st.integers(0, len(pieces))))
    engine = data.draw(st.sampled_from([BY_ROWS, by_blocks(64), by_blocks(65536)]))
    assert counted(pieces, config, stops, **engine) == counted([content], config, set(), **BY_ROWS)


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_ranges(text: str) -> None:
    """Lines that are counted apart, from any line on, give the answer of the whole."""
    lines = text.encode().splitlines(keepends=True)
    whole = SignalStream(Config(window=2))
    whole.feed(text.encode())
    counts = whole.finish()
    for cut in range(1, len(lines)):
        stream = SignalStream(Config(window=2))
        stream.feed(b"".join(lines[:cut]))
        if apart := stream.apart():
            stretch = SignalStream.count_apart(pickle.loads(pickle.dumps(apart)), lines[cut:])
            stream.add(stretch, b"".join(lines[cut:]))
            assert (stream.finish(), stream.header, stream.repairs) == (counts, whole.header, whole.repairs)


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_several_files_and_newest_first(text: str, tmp_path: Path) -> None:
    """Each of several files has its own header, and files that are read from their ends keep theirs above the rows."""
    (tmp_path / "a.csv").write_text(text)
    rows = 16
    done = run_in_process("a.csv", "a.csv", "--window", "2", "--quiet", cwd=tmp_path)
    assert (done.code, done.record["rows_processed"]) == (0, rows)
    if text is not TABLES:
        done = run_in_process("a.csv", "a.csv", "--window", "2", "--quiet", "--newest-first", cwd=tmp_path)
        assert (done.code, done.record["rows_processed"]) == (0, rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # A high below the close, whichever column has no name.
        ("time,open,high,low,close\n0,2024-01-02,2,3,1,4\n", "line 2: expected 5 fields, found 6"),
        # Both may be so.
        ("time,open,high,low,close\n2024-01-02,2,2,2,2,2\n", "line 2: expected 5 fields, found 6"),
        ("time,high,low,close\n2024-01-02,1,004,999,1000\n", "line 2: expected 4 fields, found 5"),
        # No high and no low that would tell.
        ("time,close\n0,2024-01-02,4\n", "line 2: expected 2 fields, found 3"),
        # No time.
        ("open,high,low,close\n0,2,3,1,2\n", "line 2: expected 4 fields, found 5"),
        ("time,open,high,low,close\n0,x,2,3,1,2\n", "line 2: expected 5 fields, found 6"),
        # The symbol may be before or behind the column without a name.
        ("time,open,high,low,close,symbol\n2024-01-02,2,3,1,2,A,B\n", "line 2: expected 6 fields, found 7"),
        # A name that is not empty, and two fields too few.
        ("time,close,volume\n2024-01-02,4\n", "line 2: expected 3 fields, found 2"),
        ("time,close,,\n2024-01-02,4\n", "line 2: expected 4 fields, found 2"),
        ("time,close,\n2024-01-02,4\n2024-01-03,4,\n", "line 3: expected 2 fields, found 3"),
        # A row that is no line of a header.
        ("time,close\nTicker,x\n", "expected at least one row, found only a header"),
        ("time,close\n,none\n", "line 2: expected at least one row, found ',none'"),
        ("time,close\nAB,x\n", "line 2: expected at least one row, found 'AB,x'"),
    ],
)
def test_refused(text: str, message: str, tmp_path: Path) -> None:
    """Where no column without a name fits the names, or several do, the row is the error that it always was."""
    done = run_in_process(stdin=text.encode(), cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, message)


def test_flat_rows_wait() -> None:
    """Rows are held back until one layout is left: flat ones tell nothing of where the prices are."""
    stream = SignalStream(Config(window=1))
    stream.feed(b"open,high,low,close,time\n2,2,2,2,2,2024-01-02\n")
    assert stream.rows == 0
    stream.feed(b"2,2,2,2,2,2024-01-03\n5,2,3,1,2,2024-01-04\n")
    assert stream.rows == 0
    stream.feed(b"5,2,3,1,2,2024-01-05\n")
    assert (stream.rows, stream.header and stream.header.position) == (4, 4)


def test_a_plain_header_waits_for_nothing() -> None:
    """The first row of a live stream is counted when it comes if it has as many fields as the header."""
    for header in (b"time,close\n", b"close\n", b"time,close,\n"):
        stream = SignalStream(Config(window=1))
        stream.feed(header)
        stream.feed(b"1\n" if header == b"close\n" else b"2024-01-02,1\n")
        assert stream.rows == 1


def test_several_symbols_side_by_side(tmp_path: Path) -> None:
    """Two closes in a row are refused with the number of each, and either is then read."""
    text = "Price,Close,Close\nTicker,ABC,XYZ\nDate,,\n2024-01-02,1,2\n2024-01-03,2,1\n"
    (tmp_path / "data.csv").write_text(text)
    done = run_in_process("data.csv", "--window", "2", cwd=tmp_path)
    assert done.stderr.splitlines()[-2:] == [
        "stream-signal: either stream-signal data.csv --window 2 --column 2",
        "stream-signal: or stream-signal data.csv --window 2 --column 3",
    ]
    for column, value in (("2", 0.5), ("3", 0.0)):
        done = run_in_process("data.csv", "--window", "2", "--column", column, "--strict", cwd=tmp_path)
        assert (done.stderr, done.record["value"]) == ("", value)


def test_two_symbols_in_two_files(tmp_path: Path) -> None:
    """A later file with another symbol below the names is refused by that line."""
    for name in ("ABC", "XYZ"):
        (tmp_path / f"{name}.csv").write_text(TWO_LEVELS.replace("ABC", name))
    done = run_in_process("ABC.csv", "XYZ.csv", cwd=tmp_path)
    message = "XYZ.csv: line 2: expected a decimal number in column 'close', found 'XYZ'"
    assert (done.code, done.record["error_message"]) == (1, message)


def test_tables_of_two_symbols(tmp_path: Path) -> None:
    """Tables of two symbols are refused as one series, and what is proposed gives each its own mean."""
    table = ANNOTATIONS.replace("\n", ",\n") + ",_time,close,symbol\n"
    rows = [[f",{day},{close},{name}\n" for day, close in zip(DAYS, CLOSES, strict=True)] for name in ("A", "B")]
    (tmp_path / "data.csv").write_text("\n".join(table + "".join(each) for each in rows))
    done = run_in_process("data.csv", "--window", "2", cwd=tmp_path)
    assert done.stderr.splitlines()[2] == "stream-signal: try stream-signal data.csv --window 2 --key symbol"
    done = run_in_process("data.csv", "--window", "2", "--key", "symbol", "--strict", cwd=tmp_path)
    assert [done.record["by_key"][key]["value"] for key in "AB"] == [0.5, 0.5]


SETTINGS: list[dict[str, Any]] = [{"column": 5}, {"column": 4, "time_column": 2}]


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_number_counts_the_columns_of_rows(settings: dict[str, Any]) -> None:
    """A close that is named by its number is not moved: such a row is refused."""
    stream = SignalStream(Config(**settings))
    with pytest.raises(DataError, match="expected 5 fields, found 6"):
        stream.feed(INDEX.encode())
