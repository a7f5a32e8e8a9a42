"""Parquet and Arrow files: the same answer as the CSV of the same numbers, or a refusal in words."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
import zipfile
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("pyarrow")
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from stream_signal import Config, DataError, InputError, MissingColumnError, SignalStream
from stream_signal.core.errors import Hint
from stream_signal.core.limits import FIRST_ROWS, Tuning
from stream_signal.core.observers.signal_lines import SignalLines
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.hints.data import hint_of
from stream_signal.inputs.arrow import BATCH_ROWS, read_batches, read_columns
from stream_signal.inputs.plain import Opened
from stream_signal.inputs.probe import find_format
from support.candle_csv import FIRST_TIMESTAMP, HEADER, candle_csv
from support.columns import CLOSES, TIMES, WRITERS, Kind, Table, tables
from support.commands import COMMAND, metrics_of, run_command, run_in_process, run_script
from support.memory import MEASURE, MEGABYTE
from support.scripts import AT_IMPORT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stream_signal.core.rows import Batch

PRICES = pa.table(
    {"timestamp": [60, 120, 180], "open": [1.5, 2.5, 3.5], "close": [4.58, 4.59, 4.57], "volume": [7, 8, 9]}
)


class Stored(Opened):
    """An open input whose bytes are in memory."""

    name = "data"

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self.file = self._data = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._data.read(size)


class Counting(Stored):
    """One that counts the bytes that are read of it."""

    taken = 0

    def read_at(self, length: int, offset: int) -> bytes:
        data = super().read_at(length, offset)
        self.taken += len(data)
        return data


def written(table: Any, form: str, rows: int = 1000) -> bytes:
    """Return the bytes of a file of that form."""
    file = io.BytesIO()
    WRITERS[form](table, file, rows)
    return file.getvalue()


def chunks_of(data: bytes, **settings: Any) -> list[bytes]:
    """Return the CSV that a file is read as."""
    kind = find_format(data)
    assert kind
    return list(read_columns(Stored(data), kind, data[:8], Config(**settings)))


def batches_of(data: bytes, **settings: Any) -> list[bytes | Batch]:
    """Return the header and the batches that a file is read as."""
    kind = find_format(data)
    assert kind
    return list(read_batches(Stored(data), kind, data[:8], Config(**settings)))


def counted(chunks: Sequence[bytes | Batch], **settings: Any) -> tuple[Any, ...]:
    """Count the rows; return the counts, the repairs, and the signal lines with their closes as numbers."""
    lines = SignalLines("csv")
    stream = SignalStream(Config(window=3, **settings), [lines])
    feed(stream, chunks)
    rows = [line.rsplit(",", 3) for line in lines.take().decode().splitlines()]
    numbers = [(time, Decimal(close.strip('"')) if close else None, *rest) for time, close, *rest in rows]
    return stream.finish(), stream.repairs.counts, numbers


def feed(stream: SignalStream, chunks: Sequence[bytes | Batch]) -> None:
    """Feed a stream with text or with arrays."""
    for chunk in chunks:
        if isinstance(chunk, bytes):
            stream.feed(chunk)
        else:
            stream.feed_batch(chunk)


@pytest.mark.parametrize("form", WRITERS)
@given(table=tables(), rows=st.integers(1, 50))
def test_the_same_as_csv(form: str, table: Table, rows: int) -> None:
    """A file of any columns gives, as text and as arrays, what the CSV of the same numbers gives."""
    data = written(table.table, form, rows)
    wanted = counted([table.csv])
    assert counted(chunks_of(data)) == wanted
    assert counted(batches_of(data)) == wanted


@pytest.mark.parametrize("form", WRITERS)
@given(
    closes=st.lists(st.none() | CLOSES[0].values | st.integers(1, 50).map(lambda cents: 4.0 + cents / 100), min_size=1),
    times=st.lists(st.integers(10**9, 2 * 10**9) | st.just(1_700_000_000), min_size=1),
    rows=st.integers(1, 50),
    windows=st.sampled_from([(), (1, 7)]),
)
def test_arrays_are_counted_as_text(
    form: str, closes: list[float | None], times: list[int], rows: int, windows: tuple[int, ...]
) -> None:
    """Closes that are floats give all that their text gives: counts, repairs and their lines, full windows, times."""
    count = min(len(closes), len(times))
    data = written(pa.table({"time": times[:count], "close": pa.array(closes[:count], pa.float64())}), form, rows)
    found = []
    for chunks in (chunks_of(data), batches_of(data)):
        order = TimeOrder(rows=FIRST_ROWS)
        stream = SignalStream(Config(window=3, windows=windows), [order])
        feed(stream, chunks)
        about = stream.rows_with_mean, stream.repairs.in_words(), stream.by_window
        found.append((stream.finish(), about, order.counts, order.last, order.pairs))
    assert found[0] == found[1]


_KEYS = st.sampled_from(["A", "B", " A", "B ", "C,d", "é"])
_ODD_KEYS = _KEYS | st.sampled_from(["", " ", 'E"f', "G\nh", "I\0j", "k" * 64, "k" * 1025]) | st.none()


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.int64()], ids=str
)
@given(
    keys=st.lists(_KEYS | _KEYS | _ODD_KEYS, min_size=1, max_size=60)
    | st.lists(st.sampled_from(["A", ""]), min_size=1),
    rows=st.integers(1, 50),
    settings=st.sampled_from(
        [{"key": "symbol"}, {"key": "symbol", "grouped": True}, {"key": "symbol", "max_keys": 2}, {"key": "none"}, {}]
    ),
    missing=st.sampled_from(["", "missing"]),
)
def test_keys_are_counted_as_text(
    form: str, kind: Any, keys: list[str | None], rows: int, settings: dict[str, Any], missing: str
) -> None:
    """The keys of closes that are floats, and a second symbol, give all that their lines give, or the same error."""
    values = [key and (len(key) if kind == pa.int64() else key) for key in keys]
    table = pa.table(
        {
            "time": [60 * number for number in range(len(keys))],
            "symbol": pa.array([None if value == "" and kind == pa.int64() else value for value in values], kind),
            "close": [
                float("nan") if missing and number % 7 == 3 else 4 + number % 5 / 10 for number in range(len(keys))
            ],
        }
    )
    data = written(table, form, rows)
    found: list[Any] = []
    for chunks in (chunks_of(data, **settings), batches_of(data, **settings)):
        order = TimeOrder()
        stream = SignalStream(Config(window=2, windows=(3,), bad_rows=missing or "error", **settings), [order])
        try:
            feed(stream, chunks)
            answer: Any = stream.finish()
        except DataError as error:
            answer = str(error)
        about = stream.by_key, stream.by_key_and_window, stream.symbols, stream.repairs.in_words()
        found.append((answer, about, order.counts, order.last, order.pairs))
    assert found[0] == found[1]


@pytest.mark.parametrize("settings", [{"key": "symbol"}, {}], ids=["keys", "one symbol"])
def test_keys_are_not_made_lines(settings: dict[str, Any]) -> None:
    """Closes beside plain keys become no text, nor do those beside one symbol."""
    names = [f"S{number % 500 if settings else 0}" for number in range(200_000)]
    data = written(
        pa.table({"time": range(200_000), "symbol": names, "close": np.arange(200_000) % 997 / 100}),
        "parquet",
        rows=70_000,
    )
    stream = SignalStream(Config(**settings))
    chunks = batches_of(data, **settings)
    feed(stream, [chunk if isinstance(chunk, bytes) else chunk._replace(lines=refused) for chunk in chunks])
    assert (stream.finish().rows, stream.keys, stream.symbols) == (
        200_000,
        *((500, ()) if settings else (None, ("S0",))),
    )


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()], ids=str)
def test_floats_are_not_made_text(kind: Any) -> None:
    """Closes that stand for prices become no text."""
    closes = [40_000 + number % 1009 / 100 for number in range(30_000)]
    table = pa.table({"time": range(30_000), "close": pa.array(closes, kind)})
    data = written(table, "parquet", rows=10_000)
    order = TimeOrder(rows=FIRST_ROWS)
    stream = SignalStream(Config(), [order])
    feed(stream, [chunk if isinstance(chunk, bytes) else chunk._replace(lines=refused) for chunk in batches_of(data)])
    assert (stream.finish().rows, order.last) == (30_000, b"29999")


@pytest.mark.parametrize("kind", [CLOSES[0], *TIMES[:3], TIMES[5]], ids=lambda kind: str(kind.type))
@given(drawn=st.data())
def test_few_texts(kind: Kind, drawn: st.DataObject) -> None:
    """The texts of few rows, which are made without Arrow, are those that all rows of a batch have."""
    values = drawn.draw(st.lists(st.none() | kind.values, min_size=1, max_size=40))
    rows = sorted(drawn.draw(st.sets(st.integers(0, len(values) - 1), min_size=1)))
    array = pa.array(values + [None] * FIRST_ROWS, kind.type, from_pandas=False)
    _, batch = batches_of(written(pa.table({"time": array, "close": [4.5] * len(array)}), "arrow", rows=len(array)))
    assert not isinstance(batch, bytes)
    texts = texts_of(*batch.column(0))
    assert texts_of(*batch.column(0, np.array(rows))) == [texts[row] for row in rows]


def texts_of(text: bytes, begins: Any) -> list[bytes]:
    """Return the texts of a column of a batch."""
    return [text[begin:end] for begin, end in pairwise(begins.tolist())]


@pytest.mark.parametrize(("flags", "unwanted"), [((), {"pandas", "pyarrow.compute"}), (("--signals", "-"), {"pandas"})])
def test_what_is_imported(flags: tuple[str, ...], unwanted: set[str], files: Path) -> None:
    """A job that looks at few timestamps needs Arrow to read the file alone, and no job has it import pandas."""
    script = (
        "import sys; from stream_signal.command.main import main; code = main(sys.argv[1:])\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = run_script(script, "data.parquet", *flags, cwd=files)
    assert not unwanted & set(done.stderr.split())


@pytest.mark.parametrize("engine", ["auto", "rows"])
def test_the_first_row_of_each_batch_is_a_sample(engine: Any) -> None:
    """Of the rows behind the first ones, the timestamp of the first row of each batch is compared, in either engine."""
    times = [*range(1000, 2000), *range(500)]
    data = written(pa.table({"time": times, "close": pa.array([4.5] * 1500, pa.float64())}), "arrow", rows=100)
    order = TimeOrder(rows=10)
    stream = SignalStream(Config(), [order], tuning=Tuning(engine))
    feed(stream, batches_of(data))
    stream.finish()
    assert {kind: str(step) for kind, step in order.sampled.items()} == {"backwards": "row 1001: '0' after '1900'"}
    assert (order.counts, order.last) == ({}, b"499")


@pytest.mark.parametrize("times", [[*range(150_000, 200_000), *range(50_000)], [*range(99_000), *range(1_000)]])
def test_times_that_go_back(times: list[int]) -> None:
    """A time that goes back or comes again is found in whichever batch it is, of rows that are all looked at."""
    table = pa.table({"time": times, "close": [4.5] * len(times), "volume": [1.5] * len(times)})
    order = TimeOrder()
    stream = SignalStream(Config(), [order])
    feed(stream, batches_of(written(table, "parquet", rows=60_000)))
    stream.finish()
    row = next(at for at, time in enumerate(times) if at and time < times[at - 1])
    assert {kind: str(step) for kind, step in order.first.items()} == {
        "backwards": f"row {row + 1}: '0' after '{times[row - 1]}'"
    }


@pytest.mark.parametrize("back", [250_000, 310_000, 940_000])
def test_samples_where_row_groups_overlap(back: int) -> None:
    """Where the times of row groups do not follow those before, the first time of each batch is a sample of its own."""
    rows = np.arange(1_000_000)
    times = np.where(rows < back, rows, rows - back)
    order = TimeOrder(rows=FIRST_ROWS)
    stream = SignalStream(Config(), [order])
    feed(stream, batches_of(written(pa.table({"time": times, "close": rows / 100}), "parquet", rows=100_000)))
    stream.finish()
    assert (set(order.sampled), order.last) == ({"backwards"}, b"%d" % times[-1])
    assert order.sampled["backwards"].row - back < BATCH_ROWS + 1


def test_times_that_rise_are_not_read() -> None:
    """Where the footer says that the times of row groups rise, most of them are not read, and the last one is known."""
    table = pa.table({"time": np.arange(2_000_000) * 60, "close": np.arange(2_000_000) / 100})
    data = parquet_of(table, row_group_size=500_000, use_dictionary=False, compression="none")
    source, order = Counting(data), TimeOrder(rows=FIRST_ROWS)
    stream = SignalStream(Config(), [order])
    feed(stream, list(read_batches(source, "Parquet", b"PAR1", Config())))
    assert (stream.finish().rows, order.last, order.is_in_order) == (2_000_000, b"119999940", True)
    assert source.taken < source.size * 9 / 10


def test_times_in_any_row_group() -> None:
    """Whoever looks at all timestamps sees those of each row group, as do lines of unproven closes."""
    rows = 700_000
    closes = np.round(np.random.default_rng(1).random(rows) * 100, 2)
    closes[400_000:500_000] /= 3
    closes[650_000] = np.nan
    times = pa.array(np.arange(rows) * 1000).cast(pa.timestamp("ms"))
    data = parquet_of(pa.table({"time": times, "close": closes, "volume": closes}), row_group_size=150_000)
    found = []
    for chunks in (chunks_of(data), batches_of(data)):
        order, sampled = TimeOrder(), TimeOrder(rows=FIRST_ROWS, name="sampled")
        stream = SignalStream(Config(), [order, sampled])
        feed(stream, chunks)
        found.append((stream.finish(), order.last, order.pairs, order.is_in_order, sampled.last, sampled.is_in_order))
    assert found == [(found[0][0], b"1970-01-09T02:26:39.000", rows - 1, True, b"1970-01-09T02:26:39.000", True)] * 2


def parquet_of(table: Any, **options: Any) -> bytes:
    """Return the bytes of a Parquet file."""
    file = io.BytesIO()
    parquet.write_table(table, file, **options)
    return file.getvalue()


def test_a_year_of_many_digits() -> None:
    """A timestamp outside the years 1 to 9999 is refused, with its row, by whoever looks at it."""
    times = pa.array([0] * 150_000 + [2**60] + [0] * 99).cast(pa.timestamp("ms"))
    chunks = batches_of(written(pa.table({"time": times, "close": [4.5] * len(times)}), "parquet", rows=10**6))
    stream = SignalStream(Config(), [TimeOrder()])
    with pytest.raises(InputError, match="found 1152921504606846976 ms since 1970 in row 150001"):
        feed(stream, chunks)


def test_another_layout() -> None:
    """Rows of another layout than that of the stream are read as lines: with other fields, they are bad rows."""
    settings: dict[str, Any] = {"header": False, "column": 2, "bad_rows": "missing", "max_bad": 1.0, "delimiter": ","}
    first = pa.table({"a": [1, 2, 3, 4], "close": [4.5, 4.6, 4.7, 4.8], "b": [1, 2, 3, 4]})
    second = pa.table({"a": range(300), "close": [5.0 + number for number in range(300)]})
    found = []
    for read in (chunks_of, batches_of):
        stream = SignalStream(Config(window=2, **settings))
        feed(stream, read(written(first, "parquet"), **settings))
        stream.end_input()
        feed(stream, read(written(second, "parquet", rows=10), **settings))
        found.append((stream.finish(), stream.repairs.counts))
    assert found[0] == found[1]
    assert found[0][1] == {"bad_rows": 300}


@pytest.mark.parametrize("times", [["a\nb", "c", "d"], ["a", "b" * 200_000, "d"]], ids=["two lines", "too long"])
def test_times_that_are_text(times: list[str]) -> None:
    """A timestamp that spans lines, or is too long for one, is what it is in CSV."""
    data = written(pa.table({"time": times, "close": [4.5, None, 4.6]}), "parquet")
    found: list[Any] = []
    for read in (chunks_of, batches_of):
        stream = SignalStream(Config(window=2))
        try:
            feed(stream, read(data))
            found.append((stream.finish(), stream.repairs.in_words()))
        except DataError as error:
            found.append(str(error))
    assert found[0] == found[1]


def test_no_state_within_an_input_of_batches() -> None:
    """A stream that has had arrays has no state before the end of that input: nothing could resume there."""
    stream = SignalStream(Config(window=2))
    feed(stream, batches_of(written(PRICES, "parquet")))
    with pytest.raises(ValueError, match="not fed as bytes"):
        stream.state()
    stream.end_input()
    assert stream.state().rows == 3


def refused() -> bytes:
    """Stand for the lines of rows that nobody is to ask for."""
    raise AssertionError("these rows became text")


@pytest.mark.parametrize("form", WRITERS)
@given(table=tables())
def test_by_number(form: str, table: Table) -> None:
    """Without the header, the close is the column of the same number as in CSV."""
    data = written(table.table, form)
    settings: dict[str, Any] = {
        "header": False,
        "column": table.table.column_names.index("close") + 1,
        "delimiter": ",",
    }
    assert counted(chunks_of(data, **settings), **settings) == counted([table.csv.partition(b"\n")[2]], **settings)


@pytest.mark.parametrize("form", WRITERS)
def test_only_what_is_needed(form: str) -> None:
    """The header has all names, and a row the close and its timestamp alone."""
    data = written(PRICES, form)
    assert b"".join(chunks_of(data)) == b"timestamp,open,close,volume\n60,,4.58,\n120,,4.59,\n180,,4.57,\n"
    settings: dict[str, Any] = {"column": 2, "time_column": "volume", "delimiter": ";"}
    assert b"".join(chunks_of(data, **settings)) == b"timestamp;open;close;volume\n;1.5;;7\n;2.5;;8\n;3.5;;9\n"


@pytest.mark.parametrize("kind", CLOSES, ids=lambda kind: str(kind.type))
@given(data=st.data())
def test_a_number_reads_back(kind: Any, data: st.DataObject) -> None:
    """The text of a close has the value of its own type: a decimal keeps its scale, a float reads back as itself."""
    value = data.draw(kind.values)
    table = pa.table([pa.array([value, None], kind.type, from_pandas=False)], names=["close"])
    _, text, missing = b"".join(chunks_of(written(table, "arrows"))).decode().splitlines()
    assert missing == '""'
    if isinstance(value, float):
        assert (text == '""') if value != value else pa.scalar(float(text), kind.type) == pa.scalar(value, kind.type)  # noqa: PLR0124 - NaN
    elif isinstance(value, Decimal):
        assert Decimal(text).as_tuple() == value.as_tuple()
    else:
        assert text == (str(value) or '""')


@pytest.mark.parametrize("form", WRITERS)
def test_an_infinite_close(form: str) -> None:
    """An infinity is an error that names the row: the header is line 1; with bad rows as missing it is one of them."""
    data = written(pa.table({"close": [1.0, 2.0, float("-inf"), 4.0, 5.0, 6.0]}), form, rows=2)
    for read in (chunks_of, batches_of):
        with pytest.raises(DataError, match=r"^line 4: expected a decimal number in column 'close', found '-inf'$"):
            counted(read(data))
        assert counted(read(data), bad_rows="missing")[1] == {"bad_rows": 1}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    ("array", "name", "message"),
    [
        (pa.array([True]), "close", "expected numbers or text, found the type bool in column 'close'"),
        (pa.array([[1]]), "close", r"expected numbers or text, found the type list<\w+: int64> in column 'close'"),
        (pa.array([1], pa.timestamp("ms")), "close", r"expected numbers or text, found the type timestamp\[ms\] in"),
        (pa.array([b"1"]), "close", "expected numbers or text, found the type binary in column 'close'"),
        (pa.array([[1]]), "Date", "expected timestamps, numbers or text, found the type list<.*> in column 'Date'"),
        (
            pa.array([1, 2, 253_402_300_800_000], pa.timestamp("ms")),
            "Date",
            "expected a year from 1 to 9999 in column 'Date', found 253402300800000 ms since 1970 in row 3",
        ),
    ],
)
def test_other_types(form: str, array: Any, name: str, message: str) -> None:
    """A column that cannot be read is refused with its name and its type."""
    columns = {"close": pa.array([1] * len(array))} | {name: array}
    with pytest.raises(InputError, match=f"^cannot read 'data': {message}"):
        chunks_of(written(pa.table(columns), form))


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    ("names", "settings", "error"),
    [
        (["Date", "Price"], {}, MissingColumnError),
        (["close", "<Close>"], {}, DataError),
        (["Date", "close"], {"column": 3}, MissingColumnError),
        (["Date", "close"], {"column": 3, "header": False}, MissingColumnError),
        (["Date", "4"], {"column": 2}, DataError),
    ],
)
def test_the_header_is_refused_as_that_of_csv(
    form: str, names: list[str], settings: dict[str, Any], error: type[Exception]
) -> None:
    """Where the close cannot be found, the error and its hint are those of CSV."""
    data = written(pa.table([[1], [2]], names=names), form)
    with pytest.raises(error) as found:
        counted(chunks_of(data, **settings), **settings)
    if settings.get("header", True):
        with pytest.raises(error) as wanted:
            counted([",".join(names).encode() + b"\n1,2\n"], **settings)
        both = [(str(error), hint_of(error, Config(**settings))) for error in (found.value, wanted.value)]  # type: ignore[arg-type]
        assert both[0] == both[1]


@pytest.mark.parametrize("form", WRITERS)
def test_two_columns_of_one_name(form: str) -> None:
    """Of two columns with one name, the number says which, also beside a group that begins with that name."""
    group = pa.array([{"close": 7}] * 2)
    table = pa.table([[1, 2], group, [3, 4], [5, 6]], names=["close", "a", "close", "a.close"])
    if form == "parquet":
        table = table.drop_columns("a.close").append_column("b", pa.array([5, 6]))
    assert b"".join(chunks_of(written(table, form), column=3)).splitlines()[1:] == [b"1,,3,5", b"2,,4,6"]


def test_a_decimal_comma() -> None:
    """Where closes have a decimal comma, numbers are written with one too."""
    data = written(pa.table({"x": [1, 2, 3], "close": [4.5, 4.75, 1e20]}), "parquet")
    assert b"".join(chunks_of(data, decimal=",")) == b'x,close\n1,"4,5"\n2,"4,75"\n3,1e+20\n'
    assert counted(chunks_of(data, decimal=","), decimal=",")[0] == (3, 1, 1 / 3)


@pytest.mark.parametrize("form", WRITERS)
def test_cut_anywhere(form: str) -> None:
    """A file that was cut at any byte is refused, never read as a shorter one."""
    data = written(PRICES, form, rows=1)
    for end in range(8, len(data)):
        with pytest.raises(
            InputError, match=r"^cannot read 'data': expected whole .* data, found it damaged or cut \("
        ):
            chunks_of(data[:end])


@pytest.mark.parametrize("form", WRITERS)
@given(random=st.randoms(use_true_random=False), table=tables())
def test_damaged_anywhere(form: str, random: Any, table: Table) -> None:
    """A file with a damaged byte gives as many rows as the whole one has as CSV, or is refused."""
    data = bytearray(written(table.table, form, rows=5))
    data[random.randrange(8, len(data))] ^= 1 << random.randrange(8)
    try:
        chunks = chunks_of(bytes(data))
    except InputError:
        return
    try:
        rows = counted(chunks, bad_rows="missing", max_bad=1)[0][0]
    except DataError:
        return
    assert rows == counted([table.csv], bad_rows="missing", max_bad=1)[0][0]


def test_more_after_a_stream() -> None:
    """Two streams one after the other, as `cat` joins them, are refused rather than read by half."""
    data = written(PRICES, "arrows")
    with pytest.raises(InputError, match="more bytes after its end"):
        chunks_of(data * 2)


@pytest.mark.parametrize("form", ["parquet", "arrow"])
@pytest.mark.parametrize("rows", [[3, 3], [1, 3], [3, 1], [3, 3, 3], [3, 0], [0, 3], [300_000, 3]])
def test_joined_files(form: str, rows: list[int]) -> None:
    """Files that `cat` has joined are refused, as only one of them would count: where the last one begins, and why."""
    table = pa.table({"close": [float(number % 11) for number in range(max(rows))]})
    files = [written(table.slice(0, each), form) for each in rows]
    begin, data = len(b"".join(files[:-1])), b"".join(files)
    with pytest.raises(InputError) as refused:
        chunks_of(data)
    found = f"expected one {find_format(data)} file, found another one joined to it at byte {begin}"
    hint = Hint("`cat` cannot join such files: give them as paths, the oldest first")
    assert (str(refused.value), refused.value.hint) == (f"cannot read 'data': {found}", hint)


def _more_before_the_footer(size: int) -> bytes:
    """Return a Parquet file with something of its writer's own before the footer."""
    data = written(PRICES, "parquet")
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    return data[:footer] + (b"PAR1PAR1" * size)[:size] + data[footer:]


@pytest.mark.parametrize("size", [1, 16, 1000, 3_000_001])
def test_more_before_a_footer(size: int) -> None:
    """What a writer puts between the data and the footer is not another file, whatever it looks like."""
    assert chunks_of(_more_before_the_footer(size)) == chunks_of(written(PRICES, "parquet"))


def test_other_columns_are_not_read() -> None:
    """Of a Parquet file with many other columns a small part is read, also to find out that it is a single one."""
    rows, rng = 400_000, np.random.default_rng(1)
    others = {f"other{number}": rng.random(rows) for number in range(20)}
    table = pa.table({"time": range(rows), "close": np.arange(rows) / 100, **others})
    source = Counting(written(table, "parquet", rows=rows // 4))
    assert len(list(read_batches(source, "Parquet", b"PAR1", Config()))) == 1 + -(-rows // BATCH_ROWS)
    assert source.taken < source.size / 4


@pytest.mark.parametrize(
    "options",
    [
        {"write_page_index": True},
        {"write_page_index": True, "row_group_size": 1},
        {"bloom_filter_options": {"timestamp": True}},
        {"use_dictionary": False, "compression": "zstd", "data_page_version": "2.0"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_indexes_and_filters(options: dict[str, Any]) -> None:
    """Page indexes and bloom filters between the data and the footer are no reason to refuse a file."""
    file = io.BytesIO()
    try:
        parquet.write_table(PRICES, file, **options)
    except TypeError as error:
        pytest.skip(str(error))  # an older pyarrow
    assert chunks_of(file.getvalue()) == chunks_of(written(PRICES, "parquet"))


NUMBERS = [f"{4 + number % 7}.{number % 5}" for number in range(300)]
MOMENTS = list(range(FIRST_TIMESTAMP, FIRST_TIMESTAMP + 60 * len(NUMBERS), 60))
CANDLES = pa.table(
    {name: MOMENTS if name == "timestamp" else list(map(float, NUMBERS)) for name in HEADER.strip().split(",")}
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Make a folder with the same candles in each form."""
    (tmp_path / "data.csv").write_bytes(candle_csv(NUMBERS))
    for form in WRITERS:
        (tmp_path / f"data.{form}").write_bytes(written(CANDLES, form, rows=100))
    return tmp_path


@pytest.mark.parametrize("form", WRITERS)
def test_the_command(form: str, files: Path) -> None:
    """The command gives the metrics and the signal lines of the CSV, from a path, from `< file`, and beside CSV."""
    wanted = run_in_process("data.csv", "--signals", "s.csv", cwd=files)
    found = run_in_process(f"data.{form}", "--signals", "t.csv", cwd=files)
    assert metrics_of(found.stdout) == metrics_of(wanted.stdout)
    rows = [
        [line.rsplit(",", 3) for line in (files / name).read_text().splitlines()[1:]] for name in ("s.csv", "t.csv")
    ]
    first, second = ([(time, float(close), *rest) for time, close, *rest in each] for each in rows)
    assert first == second
    assert metrics_of(run_in_process(f"data.{form}", "--jobs", "2", cwd=files).stdout) == metrics_of(wanted.stdout)
    both = run_in_process("data.csv", f"data.{form}", cwd=files)
    assert metrics_of(both.stdout) == metrics_of(run_in_process("data.csv", "data.csv", cwd=files).stdout)
    with open(files / f"data.{form}", "rb") as file:
        done = subprocess.run([COMMAND], stdin=file, cwd=files, capture_output=True, check=True)
    assert metrics_of(done.stdout) == metrics_of(wanted.stdout)


def test_pipes(files: Path) -> None:
    """A stream of Arrow comes through a pipe; Parquet and Arrow files are refused there, in words."""
    wanted = run_in_process("data.csv", cwd=files)
    stream = run_command(stdin=(files / "data.arrows").read_bytes(), cwd=files)
    assert metrics_of(stream.stdout) == metrics_of(wanted.stdout)
    for form, kind in (("parquet", "Parquet"), ("arrow", "Arrow")):
        done = run_in_process(stdin=(files / f"data.{form}").read_bytes(), cwd=files)
        message = f"cannot read stdin: {kind} has to be read from the end of a file"
        assert (done.code, done.record["error_message"]) == (1, message)
        assert done.stderr.splitlines()[1] == (
            "stream-signal: save it to a file of its own first, and give the path of that"
        )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--follow"], "cannot follow 'data.{}': it is a {} file"),
        (["--newest-first"], "cannot read 'data.{}' from its end (newest first): it is a {} file"),
        (
            ["--checkpoint", "c.json"],
            "cannot read 'data.{}' with a checkpoint: no job can continue in the middle of {}",
        ),
    ],
)
@pytest.mark.parametrize(("form", "kind"), [("parquet", "Parquet"), ("arrow", "Arrow"), ("arrows", "Arrow stream")])
def test_what_it_cannot(form: str, kind: str, flags: list[str], message: str, files: Path) -> None:
    """Such a file cannot be followed, read from its end, or continued from a checkpoint."""
    done = run_in_process(f"data.{form}", *flags, cwd=files)
    assert (done.code, done.record["error_message"]) == (1, message.format(form, kind))


def test_a_stream_in_a_pipe_with_a_checkpoint(files: Path) -> None:
    """A stream of Arrow in a pipe has no checkpoints either: the next part would be no stream."""
    done = run_in_process("--checkpoint", "c.json", stdin=(files / "data.arrows").read_bytes(), cwd=files)
    assert done.record["error_message"] == (
        "cannot read stdin with a checkpoint: no job can continue in the middle of Arrow stream"
    )


def test_stopped_while_a_pipe_is_silent(files: Path) -> None:
    """A stop signal ends a job at once that waits for the rest of a stream."""
    with subprocess.Popen([COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=files, bufsize=0) as process:
        assert process.stdin
        process.stdin.write((files / "data.arrows").read_bytes()[:-100])
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 143


@pytest.mark.parametrize(("module", "rows"), [("pyarrow.lib", 0), ("pyarrow.ipc", 0), ("pyarrow.compute", 100)])
def test_stopped_in_an_import(module: str, rows: int, files: Path) -> None:
    """A stop signal in an import stops the job: at once, or once a batch is counted."""
    days = pa.array(MOMENTS).cast(pa.timestamp("s")).cast(pa.date32())  # which Arrow makes text
    data = written(CANDLES.set_column(0, "timestamp", days), "arrows", rows=100)
    done = run_script(AT_IMPORT, module, cwd=files, stdin=data)
    assert (done.code, done.record["error_message"]) == (143, f"interrupted by SIGTERM after {rows} rows")


def test_within_archives(files: Path) -> None:
    """In a zip file, a stream of Arrow is read, and a Parquet file is refused in words."""
    for form in ("arrows", "parquet"):
        with zipfile.ZipFile(files / f"{form}.zip", "w") as archive:
            archive.write(files / f"data.{form}", f"data.{form}")
    wanted = run_in_process("data.csv", cwd=files)
    assert metrics_of(run_in_process("arrows.zip", cwd=files).stdout) == metrics_of(wanted.stdout)
    done = run_in_process("parquet.zip", cwd=files)
    message = "cannot read 'parquet.zip/data.parquet': Parquet has to be read from the end of a file"
    assert done.record["error_message"] == message


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_bounded(form: str, tmp_path: Path) -> None:
    """Memory does not grow with the rows, not even where all of them are in one row group."""
    peaks = []
    for rows in (500_000, 4_000_000):
        closes = np.arange(rows, dtype=np.float64) % 1009
        table = pa.table({"timestamp": np.arange(rows), "close": closes, "volume": closes})
        with open(tmp_path / f"data.{form}", "wb") as file:
            if form == "parquet":
                parquet.write_table(table, file, row_group_size=rows, use_dictionary=False)
            else:
                WRITERS[form](table, file, 65_536)
        command = [sys.executable, "-c", MEASURE, COMMAND, f"data.{form}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
        assert metrics_of(done.stdout)["rows_processed"] == rows
        peaks.append(int(done.stderr.splitlines()[-1]) * 1024)
    assert peaks[1] - peaks[0] < 24 * MEGABYTE


def test_the_index_of_pandas(tmp_path: Path) -> None:
    """The times of an index without a name, which pandas stores as a column, are compared; a counter is no time."""
    pd = pytest.importorskip("pandas")
    for times, doubt in ((pd.date_range("2024-01-01", periods=30, freq="min"), "newest first"), (range(30), "")):
        pd.DataFrame({"close": range(30)}, index=times[::-1]).to_parquet(tmp_path / "a.parquet", index=True)
        assert "__index_level_0__" in parquet.read_schema(tmp_path / "a.parquet").names or not doubt
        assert run_in_process("a.parquet", cwd=tmp_path).stderr.partition(": ")[2].startswith(doubt)
