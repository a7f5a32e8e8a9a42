"""Keys: many series in one stream, each counted as if it were alone."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, ConfigError, Counts, DataError, MissingColumnError, Observer, SignalStream
from stream_signal.core.config import BY_NAME
from stream_signal.core.observers.signal_lines import SignalLines
from support.oracle import count, wanted_rows
from support.strategies import closes, windows
from support.streams import moved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_signal import Row

NAMES = ["BTC", "ETH", "a,b", 'say "hi"', "Ω", "two words", "1"]
LOST = None  # the key of a row that has none


class Market(NamedTuple):
    """A file of many series: the key and the close of each row."""

    rows: list[tuple[str | None, str]]

    def csv(self, line_end: str = "\n") -> bytes:
        """Write it; the key of every other row has spaces around it."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator=line_end)
        writer.writerow(["time", "symbol", "close"])
        for at, (key, close) in enumerate(self.rows):
            writer.writerow([at, f" {key or ''} " if at % 2 else key or "", close])
        return text.getvalue().encode()

    def alone(self) -> dict[str, list[str]]:
        """Give the closes of each key; a row of an unknown key is in all that have come, as a missing close."""
        found: dict[str, list[str]] = {}
        for key, close in self.rows:
            if key is not None:
                found.setdefault(key, []).append(close)
        return found

    def wanted(self, window: int) -> dict[str, tuple[int, int]]:
        """Count each key alone, with fractions."""
        return {key: count(found, window) for key, found in self.alone().items()}


keyed_rows = st.lists(st.tuples(st.sampled_from(NAMES), closes), min_size=1, max_size=120)
markets = keyed_rows.map(lambda rows: Market([*rows]))


def fed(stream: SignalStream, data: bytes, cuts: Iterable[int] = ()) -> SignalStream:
    """Feed the data in pieces."""
    bounds = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in pairwise(bounds):
        stream.feed(data[start:end])
    return stream


def by_key(stream: SignalStream) -> dict[str, tuple[int, int]]:
    """Give the rows and signals of each key."""
    found = stream.by_key
    assert found is not None
    return {key: counts[:2] for key, counts in found.items()}


CUTS = st.lists(st.integers(0, 3000), max_size=8)


@given(markets, windows, CUTS, st.sampled_from(["\n", "\r\n"]))
def test_each_key_is_counted_alone(market: Market, window: int, cuts: list[int], line_end: str) -> None:
    """Each key has the counts of its rows alone, in the order in which the keys came, however the bytes are cut."""
    stream = fed(SignalStream(Config(window=window, key="symbol")), market.csv(line_end), cuts)
    counts = stream.finish()
    wanted = market.wanted(window)
    assert by_key(stream) == wanted
    assert list(by_key(stream)) == list(market.alone())
    assert counts[:2] == (len(market.rows), sum(signals for _, signals in wanted.values()))
    assert stream.keys == len(wanted)
    assert stream.longest == max(rows for rows, _ in wanted.values())


@given(markets, windows, st.integers(0, 3000))
def test_stopped_anywhere(market: Market, window: int, stop: int) -> None:
    """A stream that was saved and resumed at any byte ends as one that was not."""
    config, data = Config(window=window, key="symbol"), market.csv()
    stopped = fed(SignalStream(config), data[:stop])
    resumed, offset = moved(stopped, config)
    resumed.feed(data[offset:])
    whole = fed(SignalStream(config), data)
    assert resumed.finish() == whole.finish()
    assert resumed.by_key == whole.by_key
    assert resumed.rows_with_mean == whole.rows_with_mean


@given(st.lists(st.tuples(st.sampled_from([*NAMES, LOST]), closes), min_size=1, max_size=80), windows)
def test_a_row_without_a_key(rows: list[tuple[str | None, str]], window: int) -> None:
    """It counts in the rows and empties every window, as a missing close in each series would."""
    stream = fed(SignalStream(Config(window=window, key="symbol", bad_rows="missing", max_bad=1)), Market(rows).csv())
    wanted: dict[str, tuple[int, int]] = {}
    for key in dict.fromkeys(key for key, _ in rows if key is not None):
        alone = [close if own == key else "" for own, close in rows if own in {key, LOST}]
        _, signals = count(alone, window)
        wanted[key] = sum(own == key for own, _ in rows), signals
    assert by_key(stream) == wanted
    assert stream.rows == len(rows)
    assert stream.repairs.counts.get("bad_rows", 0) == sum(key is None for key, _ in rows)


@given(markets, windows)
def test_signals(market: Market, window: int) -> None:
    """The signal lines of each key are those of its rows alone, with the key and the number over all rows."""
    lines = SignalLines("csv", keyed=True)
    stream = fed(SignalStream(Config(window=window, key="symbol"), [lines]), market.csv())
    stream.finish()
    found = list(csv.reader(io.StringIO((lines.format.header + lines.take()).decode(), newline="")))
    assert found[0] == ["row", "key", "time", "close", "mean", "signal"]
    assert [row[:2] for row in found[1:]] == [[str(at), key] for at, (key, _) in enumerate(market.rows, start=1)]
    for key, own in market.alone().items():
        assert [row[3:] for row in found[1:] if row[1] == key] == [row[2:] for row in wanted_rows(own, window)]


def test_signals_as_json() -> None:
    """In JSON Lines, the key is quoted as JSON requires."""
    lines = SignalLines("jsonl", keyed=True)
    fed(SignalStream(Config(window=1, key="symbol"), [lines]), Market([('say "hi"', "4.5")]).csv())
    assert lines.take() == b'{"row": 1, "key": "say \\"hi\\"", "time": "0", "close": "4.5", "mean": 4.5, "signal": 0}\n'


@given(markets.filter(lambda market: len(market.rows) > 3), windows)
def test_sqlite_agrees(market: Market, window: int) -> None:
    """SQLite counts the same for each key: PARTITION BY, with integers, and only over full windows."""
    rows = [
        (at, key, None if not close.strip(" ") or not close.strip(" ")[-1].isdigit() else int(at * 7919 % 13))
        for at, (key, close) in enumerate(market.rows)
    ]
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE TABLE candles (at INTEGER, symbol TEXT, close INTEGER)")
        base.executemany("INSERT INTO candles VALUES (?, ?, ?)", rows)
        query = f"""
            SELECT symbol, count(*), sum(coalesce(n = {window} AND close * n > total, 0)) FROM (
                SELECT symbol, close, count(close) OVER w AS n, sum(close) OVER w AS total FROM candles
                WINDOW w AS (PARTITION BY symbol ORDER BY at ROWS {window - 1} PRECEDING)
            ) GROUP BY symbol"""
        wanted = {key: (count, signals) for key, count, signals in base.execute(query)}
    base.close()
    data = Market([(key, "" if close is None else str(close)) for _, key, close in rows]).csv()
    assert by_key(fed(SignalStream(Config(window=window, key="symbol")), data)) == wanted


@given(keyed_rows, windows, st.integers(0, 2000))
def test_grouped(rows: list[tuple[str, str]], window: int, stop: int) -> None:
    """Rows that come key by key are counted the same with one window, also over a stop."""
    market = Market([(key, close) for name in NAMES for key, close in rows if key == name])
    config = Config(window=window, key="symbol", grouped=True)
    stream = fed(SignalStream(config), market.csv()[:stop])
    resumed, offset = moved(stream, config)
    resumed.feed(market.csv()[offset:])
    resumed.finish()
    assert by_key(resumed) == market.wanted(window)


def test_grouped_keeps_one_window() -> None:
    """Only the last key has a window."""
    config = Config(window=3, key="symbol", grouped=True)
    stream = fed(SignalStream(config), Market([(key, str(close)) for key in "ABC" for close in range(9)]).csv())
    assert [len(each.tail) for (each,) in stream.state().panel.series.values()] == [0, 0, 3]


def test_a_key_comes_back() -> None:
    """If the keys are grouped, one that comes back is refused with its line; the rows before it count."""
    stream = SignalStream(Config(key="symbol", grouped=True))
    with pytest.raises(DataError) as failure:
        stream.feed(Market([("BTC", "1"), ("ETH", "2"), ("ETH", "3"), ("BTC", "4")]).csv())
    wanted = "line 5: expected each key in one run (`grouped`), found 'BTC' again, after 'ETH'"
    assert (str(failure.value), stream.rows) == (wanted, 3)


def test_too_many() -> None:
    """One key more than `max_keys` is refused, with its name and line, whatever `bad_rows` says."""
    for bad_rows in ("error", "missing"):
        stream = SignalStream(Config(key="symbol", max_keys=2, bad_rows=bad_rows))
        with pytest.raises(DataError) as failure:
            stream.feed(Market([("BTC", "1"), ("ETH", "2"), ("BTC", "3"), ("SOL", "4")]).csv())
        assert str(failure.value) == "line 5: expected at most 2 keys (`max_keys`), found one more, 'SOL'"
        assert by_key(stream) == {"BTC": (2, 0), "ETH": (1, 0)}


NO_KEY = {
    b"1,,4.5\n": "expected a key in column 'symbol', found ''",
    b"1,\xff,4.5\n": "expected a key in UTF-8, found '\ufffd'",
    b"1,BTC,4.5,9\n": "expected 3 fields, found 4",
    b'1,"B"TC,4.5\n': "expected a row of CSV, found '1,\"B\"TC,4.5' (',' expected after '\"')",
}


@pytest.mark.parametrize("row", NO_KEY)
def test_no_key(row: bytes) -> None:
    """A row whose key cannot be read is bad: it stops the job, or counts and belongs to no key."""
    data = b"time,symbol,close\n0,BTC,4\n" + row + b"2,BTC,5\n"
    with pytest.raises(DataError) as failure:
        SignalStream(Config(key="symbol")).feed(data)
    assert str(failure.value) == f"line 3: {NO_KEY[row]}"
    stream = fed(SignalStream(Config(key="symbol", bad_rows="missing", window=2)), data)
    assert (stream.rows, by_key(stream), stream.rows_with_mean) == (3, {"BTC": (2, 0)}, 0)


def test_a_bad_close_has_a_key() -> None:
    """A row whose close cannot be read empties the window of its own key alone."""
    data = b"symbol,close\nA,1\nB,1\nA,x\nB,2\nA,3\n"
    stream = fed(SignalStream(Config(key="symbol", bad_rows="missing", window=2)), data)
    assert by_key(stream) == {"A": (3, 0), "B": (2, 1)}


def test_an_observer_sees_the_key() -> None:
    """Each row has its key, and the mean of that key's window."""
    seen: list[tuple[int, bytes | None, float | None]] = []

    class Watcher(Observer):
        def row(self, row: Row) -> None:
            seen.append((row.number, row.key, row.mean))

    data = b"symbol,close\nA,1\nB,10\n,3\nA,2\nB,20\nA,3\n"
    fed(SignalStream(Config(key=1, bad_rows="missing", window=2), [Watcher()]), data)
    assert seen == [
        (1, b"A", None), (2, b"B", None), (3, None, None), (4, b"A", None), (5, b"B", None), (6, b"A", 2.5),
    ]  # fmt: skip


def test_several_inputs() -> None:
    """The windows of the keys go on in the next input."""
    stream = SignalStream(Config(key="symbol", window=2))
    for rows in ([("A", "1"), ("B", "9")], [("B", "8"), ("A", "2")]):
        stream.feed(Market(list(rows)).csv()[:-1])
        stream.end_input()
    assert by_key(stream) == {"A": (2, 1), "B": (2, 0)}


def test_the_column() -> None:
    """It is found by its whole name in any case, or by its number; another is refused with a way out."""
    data = b"time,<Symbol>,close,note\n1,A,1,x\n2,B,2,y\n"
    for key in ("symbol", "<SYMBOL>", 2):
        assert fed(SignalStream(Config(key=key)), data).keys == 2
    with pytest.raises(MissingColumnError) as missing:
        SignalStream(Config(key="ticker")).feed(data)
    assert str(missing.value) == "Missing required column: 'ticker'"
    assert missing.value.clue == (
        "no_such_column",
        {"setting": "key", "names": ("time", "<Symbol>", "close", "note"), "column": "ticker"},
    )
    with pytest.raises(MissingColumnError):
        SignalStream(Config(key=5)).feed(data)
    with pytest.raises(DataError, match="give the number of one"):
        SignalStream(Config(key="symbol")).feed(b"symbol,Symbol,close\nA,B,1\n")
    headless = Config(key=1, column=2, header=False)
    assert fed(SignalStream(headless), b"A,1\nB,2\n").by_key == {"A": Counts(1, 0, 0.0), "B": Counts(1, 0, 0.0)}
    with pytest.raises(ConfigError, match="key: expected a number counted from 1, since header is false"):
        Config(key="symbol", column=2, header=False)
    with pytest.raises(ConfigError, match=f"key: expected a key_pattern beside {BY_NAME}"):
        Config(key=BY_NAME)


def test_quotes_over_lines() -> None:
    """A key may be quoted, and stand in a record of several lines."""
    data = b'symbol,note,close\n"A","two\nlines",1\nA,x,2\n"B\nC",x,3\n'
    assert by_key(fed(SignalStream(Config(key="symbol", window=2)), data, range(len(data)))) == {
        "A": (2, 1),
        "B\nC": (1, 0),
    }


STATES: list[dict[str, Any]] = [
    {"BTC": [[1, 0, 0, [458], 2, 5]]},
    {"BTC": [[1, 2, 0, [], 2]]},
    {"BTC": [[1, 0, 0, [1, 2], 2]]},
    {"BTC": [[9, 0, 0, [458], 2]]},
    {"BTC": [[1, 0, 0, ["458"], 2]]},
    {"BTC": [[-1, 0, 0, [], 2]]},
    {"BTC": [[1, 0, 1, [458], 2]]},
    {"BTC": [[1, 0, 0, [458], 2]] * 2},
    {"BTC": 1},
    {"\u0100": [[1, 0, 0, [458], 2]]},
]


@pytest.mark.parametrize("keys", [*STATES, [], 5])
def test_a_state_that_cannot_be(keys: Any) -> None:
    """Counts of keys that contradict each other, or are of another form, are refused."""
    from stream_signal import State

    config = Config(key="symbol")
    saved = fed(SignalStream(config), Market([("BTC", "4.58")]).csv()).state().as_json()
    assert State.from_json(saved, config.window).panel.series.keys() == {b"BTC"}
    with pytest.raises(ValueError):  # noqa: PT011 - any reason
        State.from_json(json.loads(json.dumps(saved | {"series": keys})), config.window)


def test_a_state_of_another_stream() -> None:
    """The state of a stream with keys is not one of a stream without, nor the reverse."""
    data = Market([("BTC", "4.58")]).csv()
    for then, now in ((Config(key="symbol"), Config()), (Config(), Config(key="symbol"))):
        with pytest.raises(ValueError, match="expected the state of a stream with"):
            moved(fed(SignalStream(then), data), now)
