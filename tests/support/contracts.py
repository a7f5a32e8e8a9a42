"""What each kind of part promises, for all parts of that kind: a new one is a line in a list, and has all the tests.

OBSERVERS   rows one by one = all at once, any cut, either engine, stop and resume anywhere, part and join
GROUPINGS   likewise, for the counts of each key; and each key is counted as if it were alone
STAGES      likewise, for the rows that are left
READERS     the same rows, texts and failures at any cut
SOURCES     the same bytes, from any offset on
"""

from __future__ import annotations

import gzip
import json
import lzma
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream, State, TimeOrder
from stream_signal.core.blocks.reader import BlockReader
from stream_signal.core.limits import Tuning
from stream_signal.core.observers.key_charts import KeyCharts
from stream_signal.core.observers.overview import Overview
from stream_signal.core.observers.rates import Rates
from stream_signal.core.observers.signal_lines import SignalLines
from stream_signal.core.observers.thousands import Thousands
from stream_signal.core.series.grouping import GROUPINGS, grouping_of
from stream_signal.core.text.reader import TextReader
from stream_signal.inputs.backwards import BackwardsSource
from stream_signal.inputs.events import Begin, Counted, End
from stream_signal.inputs.files import FilesSource
from stream_signal.inputs.follow import FollowedSource
from stream_signal.job.parallel import ParallelSource, Workers
from stream_signal.outputs.log import Log
from support.candle_csv import candle_csv, written_files
from support.keyed_files import KeyedFile, keyed_files
from support.strategies import candle_files, cuts
from support.streams import BY_ROWS, by_blocks, stretch_of
from support.toys.every_second import EverySecond
from support.toys.first_letter import KEY as FIRST_LETTER
from support.toys.first_letter import first_letter
from support.toys.highest import Highest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from stream_signal import Observer
    from stream_signal.core.observe import Stage
    from stream_signal.core.rows import Rows
    from stream_signal.inputs.events import Source

BLOCK_SIZES = [64, 300, 1000, 100_000]
FILES: st.SearchStrategy[KeyedFile] = st.builds(
    lambda data, window, windows, bad_rows: KeyedFile(
        data, {"window": window, "windows": windows, "bad_rows": bad_rows, "max_bad": 1}
    ),
    candle_files(),
    st.integers(1, 6),
    st.sampled_from([(), (), (7,), (20, 8)]),
    st.sampled_from(["missing", "missing", "error"]),
)

AROUND_A_THOUSAND: st.SearchStrategy[KeyedFile] = st.builds(
    lambda closes, window: KeyedFile(candle_csv(closes), {"window": window}),
    st.lists(st.sampled_from(["995", "998", "", "1.000", "1.005", "1.010"]), min_size=1, max_size=90)
    | st.lists(st.sampled_from(["995", "1.000", "12.5"]), min_size=1, max_size=40),
    st.integers(1, 3),
)


class Watched(NamedTuple):
    """An observer, and what can be compared of what it has seen."""

    make: Callable[[Config], Observer]
    seen: Callable[[Any], Any]
    files: st.SearchStrategy[KeyedFile] = FILES
    hands_on: bool = False
    """whether `seen` takes what it has seen from it, as bytes"""


def _order(order: TimeOrder) -> object:
    first = {kind: str(step) for kind, step in order.first.items()}
    last = order.last, order.tells_rows_apart
    return order.counts, first, order.pairs, order.newest_first, order.span(0), order.gap(1), last


def _overview(config: Config) -> Overview:
    return Overview(most=8, keyed=config.is_keyed, windows=1 + len(config.windows))


def _picture(overview: Overview) -> object:
    flats = overview.flats, overview.flat_stretches, overview.flat_rows
    return overview.first, overview.picture.step, overview.rows_seen, overview.columns(), flats


def _lines(form: str) -> Callable[[Config], SignalLines]:
    return lambda config: SignalLines(form, keyed=config.is_keyed, windows=config.windows)


def _charts(charts: KeyCharts) -> object:
    return [(key, chart.step, chart.columns()) for key, chart in charts]


def _rates(rates: Rates) -> object:
    try:
        return list(rates.counted())
    except DataError as error:  # day and month could be either
        return str(error)


OBSERVERS = {
    "signal lines": Watched(_lines("csv"), SignalLines.take, hands_on=True),
    "signal lines in JSON": Watched(_lines("jsonl"), SignalLines.take, hands_on=True),
    "signal lines of keys": Watched(_lines("csv"), SignalLines.take, keyed_files(), hands_on=True),
    "time order": Watched(lambda _: TimeOrder(), _order),
    "times of keys": Watched(lambda _: TimeOrder(), _order, keyed_files()),
    "overview": Watched(_overview, _picture),
    "overview of keys": Watched(_overview, _picture, keyed_files()),
    "charts of keys": Watched(lambda _: KeyCharts(charts=3, most=8), _charts, keyed_files()),
    "points between thousands": Watched(lambda _: Thousands(), lambda looks: looks.crossing, AROUND_A_THOUSAND),
    "rates": Watched(lambda _: Rates("week"), _rates),
    "rates of keys": Watched(lambda _: Rates("month"), _rates, keyed_files()),
    "toy": Watched(lambda _: Highest(), lambda toy: toy.close),
}

GROUPINGS[FIRST_LETTER] = first_letter
# The settings of each, and which key a field with a symbol has; None if all rows are one series.
GROUPED: dict[str, tuple[dict[str, Any], Callable[[str], str] | None]] = {
    "no key": ({}, None),
    "key: none": ({"key": "none"}, None),
    "a column": ({"key": "symbol"}, str.strip),
    "the name of the input": ({"key": "@file", "key_pattern": "{key}.csv"}, lambda _: "name"),
    "toy": ({"key": FIRST_LETTER}, lambda symbol: symbol.strip()[:1]),
}

STAGES: dict[str, Callable[[], Stage]] = {"toy": EverySecond}


class Answer(NamedTuple):
    """All that can be observed of a stream that has ended, or failed."""

    error: str | None
    counts: object
    by_key: object
    by_window: object
    repairs: dict[str, int]
    seen: Any


class Run:
    """A stream of an observer or stages, which can be stopped and resumed between any two bytes."""

    def __init__(self, config: Config, watched: Watched | None, stage: Callable[[], Stage] | None, engine: Any) -> None:
        self.config, self.watched, self.stage, self.engine = config, watched, stage, engine
        self.told: list[Any] = []
        self.fed = b""
        self.stream = self._make(None)

    def _make(self, state: State | None) -> SignalStream:
        self.observer = self.watched.make(self.config) if self.watched else None
        observers, stages = [self.observer] if self.observer else [], [self.stage()] if self.stage else []
        if state:
            stream = SignalStream.from_state(self.config, state, observers, stages=stages, **self.engine)
        else:
            stream = SignalStream(self.config, observers, stages=stages, **self.engine)
        stream.begin_input("name.csv")
        return stream

    def feed(self, data: bytes) -> None:
        """Feed the next bytes."""
        self.fed += data
        self.stream.feed(data)

    def stop(self) -> None:
        """Stop, and go on in what may be another process."""
        saved = json.loads(json.dumps(self.stream.state().as_json()))
        state = State.from_json(saved, self.config.window, self.config.windows)
        if self.watched and self.watched.hands_on:
            self.told.append(self.watched.seen(self.observer))
        self.stream = self._make(state)
        self.stream.feed(self.fed[state.offset :])

    def add(self, lines: bytes) -> None:
        """Have whole lines counted apart if they can be, and read them if not."""
        stretch = stretch_of(self.stream, lines)
        if stretch and self.stream.fits(stretch):
            self.fed += lines
            self.stream.add(stretch, lines[-4096:])
        else:
            self.feed(lines)

    def answer(self, feed: Callable[[Run], None]) -> Answer:
        """Feed the stream, end it, and return all that can be observed."""
        error = None
        try:
            feed(self)
            self.stream.end_input()
        except DataError as failure:
            error = str(failure)
        stream, seen = self.stream, None
        if self.watched:
            seen = self.watched.seen(self.observer)
            seen = b"".join([*self.told, seen]) if self.watched.hands_on else seen
        return Answer(error, stream.counts, stream.by_key, stream.by_window, stream.repairs.counts, seen)


def _fed(pieces: Sequence[bytes], *, stops: bool = False) -> Callable[[Run], None]:
    def feed(run: Run) -> None:
        for piece in pieces:
            run.feed(piece)
            if stops:
                run.stop()

    return feed


def _apart(stretches: Sequence[bytes]) -> Callable[[Run], None]:
    def feed(run: Run) -> None:
        for lines in stretches:
            run.add(lines)

    return feed


def check_one_answer(
    data: st.DataObject,
    file: KeyedFile,
    watched: Watched | None = None,
    stage: Callable[[], Stage] | None = None,
) -> Answer:
    """Check that any cut, engine, stop and stretch gives what one row after the other gives; return that."""
    config = Config(**file.config)
    lines = file.data.splitlines(keepends=True)
    wanted = Run(config, watched, stage, BY_ROWS).answer(_fed(lines))
    engine = by_blocks(data.draw(st.sampled_from(BLOCK_SIZES)))
    pieces = data.draw(cuts(file.data))
    assert Run(config, watched, stage, engine).answer(_fed([file.data])) == wanted
    assert Run(config, watched, stage, engine).answer(_fed(pieces)) == wanted
    assert Run(config, watched, stage, BY_ROWS).answer(_fed([file.data])) == wanted
    stopping = data.draw(st.sampled_from([BY_ROWS, engine]))
    assert Run(config, watched, stage, stopping).answer(_fed(pieces, stops=True)) == wanted
    ends = accumulate(data.draw(st.lists(st.integers(1, 40), max_size=8)))
    seams = [0, *(end for end in ends if end < len(lines)), len(lines)]
    stretches = [b"".join(lines[start:end]) for start, end in pairwise(seams)]
    assert Run(config, watched, stage, engine).answer(_apart(stretches)) == wanted
    return wanted


def check_observer(data: st.DataObject, watched: Watched) -> None:
    """Check that it sees each row once, in order, whatever the stream does between two rows."""
    check_one_answer(data, data.draw(watched.files), watched)


def check_stage(data: st.DataObject, make: Callable[[], Stage]) -> None:
    """Check that what it leaves does not depend on which rows come together, and is what observers see."""
    check_one_answer(data, data.draw(FILES), OBSERVERS["signal lines"], make)


def check_grouping(data: st.DataObject, settings: dict[str, Any], key_of: Callable[[str], str] | None) -> None:
    """Check that each key is counted as if its rows were alone, and that the answer is one."""
    file = data.draw(keyed_files())
    own = {name: value for name, value in file.config.items() if name != "key"} | settings
    if "key" not in settings or settings["key"] == "none":
        own["grouped"] = False
    check_one_answer(data, KeyedFile(file.data, own))
    rows = data.draw(st.lists(st.tuples(st.sampled_from(["BTC", " BTC", "ETH", "EOS", "B"]), st.integers(1, 5))))
    text = "symbol,close\n" + "".join(f"{symbol},{close}\n" for symbol, close in rows)
    stream = SignalStream(Config(window=2, **settings), tuning=Tuning("blocks"))
    stream.begin_input("name.csv")
    if key_of is None:
        assert stream.by_key is None
        return
    stream.feed(text.encode())
    wanted = {}
    for key in dict.fromkeys(key_of(symbol) for symbol, _ in rows):
        alone = SignalStream(Config(window=2))
        alone.feed(b"close\n" + b"".join(b"%d\n" % close for symbol, close in rows if key_of(symbol) == key))
        wanted[key] = alone.counts
    assert stream.by_key == wanted


class Reading:
    """A reader of each kind for one file: `rows` takes bytes, and `rest` the last line."""

    def __init__(self, config: Config, block_bytes: int | None) -> None:
        grouping = grouping_of(config)
        grouping.begin_input("name.csv")
        self.text = TextReader(config, grouping, lambda _: (True, False))
        self.keys = grouping.keys
        tuning = Tuning(block_bytes=block_bytes or 1, least_block_bytes=0)
        self.rows = BlockReader(self.text, grouping, tuning).rows if block_bytes else self.text.rows
        self.found: list[object] = []

    def take(self, rows: Iterator[Rows]) -> None:
        """Remember all that there is to see of each row; raise the failure behind them."""
        for each in rows:
            closes = [close and Fraction(close[0], 10 ** close[1]) for close in each.closes]
            header = self.text.header
            columns = [each.texts(at) for at in range(header.width if header else 0)]
            assert each.missing == [at for at, close in enumerate(closes) if close is None]
            assert all(each.text(at, len(each) - 1) == column[-1] for at, column in enumerate(columns) if len(each))
            keys = [None if number < 0 else self.keys.names[number] for number in each.numbers()]
            self.found += zip(closes, keys, *columns, strict=True)
            check_only(each, range(header.width if header else 0))
            if each.failure:
                raise each.failure


READERS = {"text": None, **{f"blocks of {size}": size for size in BLOCK_SIZES}}


def check_reader(data: st.DataObject, block_bytes: int | None) -> None:
    """Check that it gives the rows, texts, keys and failure that the text reader gives for one line after the other."""
    file = data.draw(st.one_of(FILES, keyed_files()))
    config = Config(**file.config)
    answers = []
    for size, pieces in ((None, file.data.splitlines(keepends=True)), (block_bytes, data.draw(cuts(file.data)))):
        reading, error = Reading(config, size), None
        try:
            for piece in pieces:
                reading.take(reading.rows(piece))
            reading.take(reading.text.rest())
        except DataError as failure:
            error = str(failure)
        answers.append((reading.found, error, reading.text.repairs.counts, reading.text.header))
    assert answers[1] == answers[0]


def check_only(rows: Rows, columns: Sequence[int]) -> None:
    """Check that some of the rows have what each of them has, closes, series and texts, and the failure behind them."""
    for positions in (range(0, len(rows), 2), range(0), range(len(rows))):
        some = rows.only(positions)
        again = some.only(range(len(some)))
        for found in (some, again):
            numbers = rows.numbers()
            assert len(found) == len(positions)
            assert found.closes == [rows.closes[at] for at in positions]
            assert found.numbers() == [numbers[at] for at in positions]
            assert found.failure is rows.failure
            for column in columns:
                texts = rows.texts(column)
                assert found.texts(column) == [texts[at] for at in positions]
                assert found.texts(column, 3) == [texts[at] for at in positions[:3]]
                assert [found.text(column, at) for at in range(len(found))] == found.texts(column)


class Sourced(NamedTuple):
    """A source, how its inputs are stored, and what it gives of each."""

    make: Callable[[tuple[str, ...], SignalStream], Source]
    stored: Callable[[bytes], bytes] = bytes
    given: Callable[[bytes], bytes] = bytes
    resumes: bool = True
    """whether it can begin within an input"""
    inputs: int = 3


def _with_workers(names: tuple[str, ...], stream: SignalStream) -> Source:
    workers = Workers(lambda: ThreadPoolExecutor(2), 500, ahead=3, head_bytes=300)
    return ParallelSource(names, FilesSource, stream, workers, Log(None, 0))


def _backwards(file: bytes) -> bytes:
    header, *rows = file.splitlines(keepends=True)
    return b"".join([header, *reversed(rows)])


SOURCES = {
    "files": Sourced(lambda names, _: FilesSource(names)),
    "files in gzip": Sourced(lambda names, _: FilesSource(names), gzip.compress),
    "files in xz": Sourced(lambda names, _: FilesSource(names), lzma.compress),
    "a file that is followed": Sourced(lambda names, _: FollowedSource(names[0], 0.05), inputs=1),
    "files from their ends": Sourced(
        lambda names, _: BackwardsSource(names, Config(newest_first=True)), given=_backwards, resumes=False, inputs=1
    ),
    "workers": Sourced(_with_workers),
}


def check_source(sourced: Sourced, files: Sequence[bytes], folder: Path, offset: int) -> None:
    """Check that it begins and ends each input in turn, its bytes between; and from any offset on, gives the rest."""
    names = written_files(folder, [sourced.stored(file) for file in files])
    given = [sourced.given(file) for file in files]
    for first in range(len(names)):
        for begin in {0, min(offset, len(given[first]))} if sourced.resumes else {0}:
            stream = SignalStream()
            source = sourced.make(names, stream)
            assert source.names == names
            _check_events(source, stream, [given[first][begin:], *given[first + 1 :]], first, begin)


def _check_events(source: Source, stream: SignalStream, wanted: list[bytes], first: int, begin: int) -> None:
    """Check what a source yields from a place on; a stream takes the bytes, if they begin with a header."""
    takes, number, at = begin == 0, -1, None
    for event in source.events(first, begin, None):
        if isinstance(event, Begin):
            assert at is None
            number, at = number + 1, 0
            assert event.name == source.names[first + number]
            continue
        assert at is not None
        if isinstance(event, End):
            assert at == len(wanted[number])
            at = None
            if takes:
                stream.end_input()
        elif isinstance(event, Counted):
            at += event.stretch.size
            assert wanted[number][:at].endswith(event.tail)
            stream.add(event.stretch, event.tail)
        else:
            assert isinstance(event, bytes)
            assert wanted[number].startswith(event, at)
            at += len(event)
            if takes:
                stream.feed(event)
    assert (number, at) == (len(wanted) - 1, None)
    if takes:
        whole = SignalStream()
        for file in wanted:
            whole.feed(file)
            whole.end_input()
        assert stream.counts == whole.counts
