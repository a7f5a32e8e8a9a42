r"""SignalStream: bytes in, counts out. No I/O, no clock, no log.

The core behind every input: a file, a pipe and a test feed it the same bytes, cut anywhere, and read the same counts.
It counts as bytes arrive; memory is the window, one block and one unfinished line.

Two engines do the work. The row engine reads anything, one line at a time; the block engine takes the whole lines of a
large chunk at once, and hands what it cannot read exactly over to the row engine. Which of them reads a line never
changes the answer, only the time it takes.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from stream_signal.core.config import BY_NAME, Config, as_config
from stream_signal.core.errors import DataError, TruncatedError
from stream_signal.core.header import SYMBOL_NAMES, folded
from stream_signal.core.repairs import BAD_ROW, MISSING_CLOSE, Repairs
from stream_signal.core.rows.engine import RowEngine
from stream_signal.core.rows.reader import RowReader
from stream_signal.core.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Self

    from stream_signal.core.batch import Batch
    from stream_signal.core.blocks.engine import BlockEngine, Scratch
    from stream_signal.core.header import Header
    from stream_signal.core.keys import InputKey, Keys
    from stream_signal.core.labels import Label
    from stream_signal.core.observe import Observer
    from stream_signal.core.observers.first_look import FirstLook
    from stream_signal.core.observers.key_times import KeyTimes
    from stream_signal.core.state import State, WindowState
    from stream_signal.core.stretch import Apart, Stretch
    from stream_signal.core.symbols import Symbols

Engine = Literal["auto", "rows", "blocks"]

# NumPy takes about 80 ms to import. The row engine reads 60,000 rows in that time, a quarter as many with observers: a
# smaller job ends sooner without NumPy.
BLOCK_ENGINE_FROM_BYTES = 4 * 1024 * 1024
# Chunks shorter than this are live rows. Longer ones, one after another, are a file or a backlog.
BACKLOG_BYTES = 32 * 1024
# A block fits in the cache together with its arrays.
BLOCK_BYTES = 1024 * 1024
# Of more rows, each key has more: what the block engine does once for each key of a block is worth the slower memory.
KEYED_BLOCK_BYTES = 2 * 1024 * 1024
# To empty the window of a key takes the block engine as long as the window is, however few closes it holds.
MOST_KEYED_WINDOW = 10_000
# The name under which a state keeps the doubts, among those of the observers.
_DOUBTS = "doubts"


class Counts(NamedTuple):
    """The answer: `rows` read, `signals` among them, and `value`, signals / rows as the nearest float64."""

    rows: int
    signals: int
    value: float


class SignalStream:
    r"""Counts the rows of candle CSV whose close is above the mean of the last `window` closes.

    `feed` takes bytes cut anywhere; `finish` ends the stream. DataError names the line that cannot be read; after it,
    or after `finish`, the stream accepts nothing more (ValueError). `rows` and `signals` can be read at any time. Each
    of the `observers` sees every row as it is counted. ValueError if two of them have one name, or if one has a
    snapshot and no name.

    `engine` is "auto", or "rows" or "blocks" to use only that one, as far as it can read the data; the answer is the
    same. `block_bytes` limits what the block engine takes at once. `look` sees the first timestamps of each input, at
    less cost than an observer.

    >>> stream = SignalStream(Config(window=2))
    >>> stream.feed(b"close\n4.58\n4.")
    >>> stream.feed(b"58\n4.59\n")
    >>> stream.finish()
    Counts(rows=3, signals=1, value=0.3333333333333333)
    """

    def __init__(
        self,
        config: Config | Mapping[str, Any] | None = None,
        observers: Sequence[Observer] = (),
        *,
        engine: Engine = "auto",
        block_bytes: int | None = None,
        look: FirstLook | KeyTimes | None = None,
    ) -> None:
        if engine not in {"auto", "rows", "blocks"}:
            raise ValueError(f"expected the engine 'auto', 'rows' or 'blocks', found {engine!r}")
        config = as_config(config)
        self._observers = tuple(observers)
        if observers:
            from stream_signal.core.observe import check_names  # noqa: PLC0415 - a stream without observers needs none

            check_names(self._observers, {_DOUBTS, *([look.name] if look else [])})
        self._tally = Tally(config.window)
        self._more = [Tally(window) for window in config.windows]
        self._config = config
        self._look = look
        self._keys: Keys | None = None
        self._more_keys: list[Keys] = []  # of the other windows
        self._input_key: InputKey | None = None
        self._key_times = cast("KeyTimes | None", look) if config.is_keyed else None
        if config.is_keyed:
            from stream_signal.core.keys import InputKey, Keys  # noqa: PLC0415 - most streams have none

            self._keys, *self._more_keys = (
                Keys(tally, config.max_keys, grouped=config.grouped) for tally in (self._tally, *self._more)
            )
            self._input_key = InputKey(self._keys) if config.key == BY_NAME else None
        # Neither of these has the stream, which has the reader: a stream that is dropped goes at once, with its arrays.
        self._reader = RowReader(
            config,
            partial(_begin, self._observers) if observers else None,
            None if config.is_keyed else cast("FirstLook | None", look),
            partial(_label_of, config, self._keys, self._input_key, self._key_times),
        )
        if self._keys:
            from stream_signal.core.rows.keyed import KeyedRowEngine  # noqa: PLC0415 - most streams have no keys

            self._row_engine: RowEngine = KeyedRowEngine(
                self._reader, self._keys, self._observers, self._key_times, self._more_keys
            )
        else:
            self._row_engine = RowEngine(self._reader, self._tally, self._observers, self._more)
        self._block_engine: BlockEngine | None = None
        self._scratch: Scratch = {}
        # The block engine reads points only; groups are odd lines to it, which the row reader reads.
        marks = self._reader.marks
        is_for_rows = bool(marks and not marks.have_point)
        if self._keys:
            is_for_rows |= max(config.window, *config.windows, 1) > MOST_KEYED_WINDOW
        self._engine = "rows" if is_for_rows else engine
        self._block_bytes = block_bytes or (KEYED_BLOCK_BYTES if config.is_keyed else BLOCK_BYTES)
        self._block_engine_from = BLOCK_ENGINE_FROM_BYTES // (4 if observers else 1)
        self._name: str | None = None  # of the current input
        self._expected = 0  # bytes
        self._backlog = 0  # bytes in large chunks, one after another
        self._fed = 0  # bytes of the current input
        self._has_batches = False  # whether rows of the current input were no bytes
        self._closed = False
        self.doubts: dict[str, str] = {}
        """what others doubt about the answer, by its kind, in one line each; a state keeps it"""

    @classmethod
    def from_state(  # noqa: PLR0913 - the options of a stream, and its state
        cls,
        config: Config,
        state: State,
        observers: Sequence[Observer] = (),
        *,
        engine: Engine = "auto",
        block_bytes: int | None = None,
        look: FirstLook | KeyTimes | None = None,
    ) -> Self:
        r"""Resume from `state`, with the bytes from its offset on; `config` has the settings of that stream.

        ValueError if the state of an observer cannot be restored.

        >>> stream = SignalStream(Config(window=2))
        >>> stream.feed(b"close\n4.58\n4.")
        >>> stream = SignalStream.from_state(Config(window=2), stream.state())
        >>> stream.feed(b"4.58\n4.59\n")
        >>> stream.finish()
        Counts(rows=3, signals=1, value=0.3333333333333333)
        """
        self = cls(config, observers, engine=engine, block_bytes=block_bytes, look=look)
        self._tally.rows, self._tally.signals, self._fed = state.rows, state.signals, state.offset
        self._tally.mean.restore(state.ring, state.places)
        self._tally.rows_without_mean = state.rows_without_mean
        if (state.keys is None) != (self._keys is None):
            raise ValueError(f"expected the state of a stream {'with' if self._keys else 'without'} keys")
        if self._keys:
            self._keys.restore(state.keys or {}, state.rows - (state.rows_without_mean or 0))
        self._restore_more(state)
        self._reader.resume(state.header, state.offset, state.line, state.repairs)
        if state.symbols and self._symbols:
            self._restore_symbols(state.symbols)
        if state.header:
            _begin(self._observers, state.header)
        for observer in self._observers:
            if observer.name in state.observed:
                observer.restore(state.observed[observer.name])
        self.doubts.update(_texts(state.observed.get(_DOUBTS, {})))
        if look:
            look.resume(state.header, state.observed.get(look.name), state.rows + 1, is_within=state.offset > 0)
        return self

    def state(self) -> State:
        """Return what it takes to resume at the first row not counted; it is a value, which later rows do not change.

        ValueError if the stream has ended, or is within an input of which it has had batches.
        """
        from stream_signal.core.state import State, as_value  # noqa: PLC0415 - only a checkpoint needs it

        self._check_open()
        if self._has_batches:
            raise ValueError("no stream can resume within an input that is not fed as bytes")
        mean = self._tally.mean
        offset, line, repairs = self._reader.position(self._fed)
        snapshots = {observer.name: observer.snapshot() for observer in self._observers}
        if self._look:
            snapshots[self._look.name] = self._look.snapshot()
        observed = {name: as_value(snapshot) for name, snapshot in snapshots.items() if snapshot is not None}
        if self.doubts:
            observed[_DOUBTS] = dict(self.doubts)
        return State(
            self.rows,
            self.signals,
            self.header,
            offset,
            line,
            repairs,
            mean.held(),
            mean.places,
            observed,
            self.rows - self._keys.with_mean if self._keys else self._tally.rows_without_mean,
            self._keys.state() if self._keys else None,
            self.symbols,
            self._more_states(),
        )

    @property
    def rows(self) -> int:
        """Rows counted so far."""
        return self._tally.rows

    @property
    def signals(self) -> int:
        """Signals among them."""
        return self._tally.signals

    @property
    def window(self) -> int:
        """Rows in a full window."""
        return self._tally.mean.window

    @property
    def newest_first(self) -> bool:
        """Whether files are read from their ends."""
        return self._config.newest_first

    @property
    def rows_with_mean(self) -> int | None:
        """Rows whose window is full: no other can signal. None if it resumed from a state that did not count them."""
        return self._keys.with_mean if self._keys else self._tally.rows_with_mean

    @property
    def by_key(self) -> dict[str, Counts] | None:
        """The counts of each key, in the order in which they first came; None if the stream has no keys."""
        return _counts_of(self._keys) if self._keys else None

    @property
    def by_window(self) -> dict[int, Counts] | None:
        """The counts of each further window; None if there are none, or before the first row."""
        if not self._more or not self.rows:
            return None
        return {tally.mean.window: Counts(self.rows, tally.signals, tally.signals / self.rows) for tally in self._more}

    @property
    def by_key_and_window(self) -> dict[str, dict[int, Counts]] | None:
        """The counts of each further window for each key; None if there are no keys, or no further windows."""
        if not self._more_keys:
            return None
        by_window = {keys.window: _counts_of(keys) for keys in self._more_keys}
        return {key: {window: found[key] for window, found in by_window.items()} for key in self.by_key or {}}

    @property
    def keys(self) -> int | None:
        """How many keys have come so far; None if the stream has no keys."""
        return self._keys.count if self._keys else None

    @property
    def symbols(self) -> tuple[str | None, ...]:
        """The value of each column of symbols, if the stream looks at them; None while there is none."""
        values = self._symbols.values if self._symbols else ()
        return tuple(None if value is None else value.decode("latin-1") for value in values)

    @property
    def longest(self) -> int:
        """The rows of the longest series: of the key that has the most, or all of them."""
        return self._keys.longest if self._keys else self.rows

    @property
    def value(self) -> float | None:
        """The signal rate so far: signals / rows, or None before the first row."""
        return self.signals / self.rows if self.rows else None

    @property
    def counts(self) -> Counts | None:
        """The answer for the rows so far, or None before the first row."""
        return Counts(self.rows, self.signals, self.signals / self.rows) if self.rows else None

    @property
    def closed(self) -> bool:
        """Whether it accepts no more bytes: it was finished, or a line could not be read."""
        return self._closed

    @property
    def header(self) -> Header | None:
        """How the rows are read; None until the header is known."""
        return self._reader.header

    @property
    def repairs(self) -> Repairs:
        """What was skipped or taken as missing so far."""
        return self._reader.repairs

    def begin_input(
        self,
        name: str | None = None,
        size: int = 0,
        line_of: Callable[[int], int] | None = None,
        path: str | None = None,
    ) -> None:
        """Begin an input, with what is known of it: its name, for errors, and how many bytes it has.

        The sooner the size is known, the sooner the block engine can be used. `line_of` gives the line number in the
        file of the line that is fed as number n, if the lines come in another order. With `key: @file`, `path`, or the
        name without one, has the key; InputError if it has none.
        """
        if self._input_key:
            self._input_key.begin(path or name, self._config.key_pattern or "")
        self._name = self.repairs.source = name
        self.repairs.line_of = line_of
        self._expected += size

    def skip_lines(self, count: int) -> None:
        """Count lines of the current input that are not fed, so that errors name the right line."""
        self._reader.skip_lines(count)

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes; feeding a and then b is the same as feeding a + b."""
        data = data if isinstance(data, bytes) else _bytes_of(data)
        with self._reading():
            self._fed += len(data)
            self._read(data)
            if self._look:
                self._look.fed(data)

    def feed_batch(self, batch: Batch) -> None:
        """Take the next rows of a columnar file, with the same result as feeding their lines; a line has to end here.

        As there are no bytes of it, the stream has no state until the input has ended.
        """
        with self._reading():
            self._has_batches = True
            if self._takes(batch) and self._blocks().take_batch(batch):
                return
            text = batch.lines()
            self._read(text)
            if self._look:
                self._look.fed(text)

    def apart(self) -> Apart | None:
        """Return how later lines of this input can be counted apart, with `count_apart`; None if not, or not yet."""
        from stream_signal.core.stretch import Apart  # noqa: PLC0415 - few jobs count apart

        if self._closed or not self.header or not self._reader.between_rows or self._is_looking:
            return None
        parts = [observer.part() for observer in self._observers]
        settled = tuple(part for part in parts if part is not None)
        if len(settled) < len(parts) or (self._keys and not self._may_join(self._keys)):
            return None
        return Apart(self._config, self.header, settled, self.symbols)

    @property
    def _is_looking(self) -> bool:
        if self._key_times:
            return self._key_times.left > 0
        return self._look is not None and self._look.texts is not None

    def _may_join(self, keys: Keys) -> bool:
        from stream_signal.core.key_segments import MOST_KEYS  # noqa: PLC0415

        return not (keys.grouped or self._input_key) and keys.count <= MOST_KEYS

    @staticmethod
    def count_apart(apart: Apart, chunks: Iterable[bytes], scratch: Scratch | None = None) -> Stretch:
        r"""Count the whole lines in `chunks` apart from the stream that `apart` came from.

        NotApart if the stream has to read these lines itself. Whoever counts many stretches in one thread may pass the
        same empty dict as `scratch`, to keep memory that is costly to make.

        >>> stream = SignalStream(Config(window=2))
        >>> stream.feed(b"close\n4.58\n")
        >>> stretch = SignalStream.count_apart(stream.apart(), [b"4.59\n4.", b"60\n"])
        >>> stream.add(stretch, b"60\n")
        >>> stream.finish()
        Counts(rows=3, signals=2, value=0.6666666666666666)
        """
        from copy import deepcopy  # noqa: PLC0415

        from stream_signal.core.key_segments import KeyHeads, KeySegments  # noqa: PLC0415
        from stream_signal.core.rows.first_closes import FirstCloses  # noqa: PLC0415
        from stream_signal.core.segment import Segment  # noqa: PLC0415
        from stream_signal.core.stretch import NotApart, Stretch  # noqa: PLC0415

        config, header = apart.config, apart.header
        parts = deepcopy(apart.parts)
        stream = SignalStream(config, parts)
        stream._scratch = {} if scratch is None else scratch
        stream._reader.resume(header, offset=1, line=0, repairs=Repairs())
        _begin(parts, header)
        stream._restore_symbols(apart.symbols)
        stream.begin_input(size=BLOCK_ENGINE_FROM_BYTES)  # whoever counts apart counts a lot
        for keys in stream._all_keys:
            keys.heads = KeyHeads(keys.window - 1)
        first = FirstCloses(config, header, max(config.window, *config.windows, 1) - 1)
        fed = 0
        try:
            for chunk in chunks:
                if b'"' in chunk:
                    raise NotApart("a quote may span lines")
                if not config.is_keyed:
                    first.feed(chunk)
                stream.feed(chunk)
                fed += len(chunk)
        except DataError as error:
            raise NotApart("a line cannot be read") from error
        if not stream._reader.between_rows:
            raise NotApart("the last line is not whole")
        if not all(part.can_join for part in parts):
            raise NotApart("an observer has to see these rows in order")
        reader = stream._reader
        segment, *more = (
            Segment.from_tally(tally, first.closes[: tally.mean.window - 1], broken=tally.rows_without_mean != 0)
            for tally in (stream._tally, *stream._more)
        )
        own = tuple(map(KeySegments.of, stream._all_keys))
        return Stretch(fed, reader.line, header, segment, reader.repairs, parts, stream.symbols, tuple(more), own)

    def add(self, stretch: Stretch, tail: bytes) -> None:
        """Take whole lines that were counted apart, as if they were fed; `tail` are the last of their bytes.

        ValueError if they do not `fit`: then they do not come next.
        """
        if not self.fits(stretch) or not self._reader.between_rows:
            raise ValueError("the stretch does not begin where this stream is")
        with self._reading():
            for observer, part in zip(self._observers, stretch.parts, strict=True):
                observer.join(part, self.rows)
            for keys, own in zip(self._all_keys, stretch.keys, strict=True):
                own.add_to(keys)
            if not self._keys:
                for tally, segment in zip((self._tally, *self._more), (stretch.segment, *stretch.more), strict=True):
                    segment.add_to(tally)
            self.repairs.add(stretch.repairs, self._reader.line)
            self._reader.skip_lines(stretch.lines)
            self._fed += stretch.size
            if self._look:
                self._look.fed(tail)

    def fits(self, stretch: Stretch) -> bool:
        """Whether lines were counted with the header and the symbols of this stream, and it can take their keys."""
        return (stretch.header, stretch.symbols) == (self.header, self.symbols) and all(
            own.fit(keys) for keys, own in zip(self._all_keys, stretch.keys, strict=True)
        )

    @property
    def _all_keys(self) -> list[Keys]:
        return [self._keys, *self._more_keys] if self._keys else []

    def end_input(self) -> None:
        """End one input of several: its last row needs no newline, and the next may bring its own header."""
        with self._reading():
            self._row_engine.end_input()
            self._fed, self._has_batches = 0, False
            if self._look:
                self._look.end_input(self.rows + 1)

    def drop_input(self) -> None:
        """End an input that may not be whole: a line without its newline is a repair and does not count."""
        with self._reading():
            self._reader.drop_input()
            self._fed, self._has_batches = 0, False
            if self._look:
                self._look.end_input(self.rows + 1, torn=True)

    def finish(self) -> Counts:
        """End the stream and return its counts; raise TruncatedError if there was no row.

        DataError if more than `max_bad` of the rows were bad, or if it is because of bad rows that no window was full.
        """
        self.end_input()
        self._closed = True
        counts = self.counts
        if not counts:
            found = "only a header" if self.header else "an empty input"
            from stream_signal.core.hints import of_no_rows  # noqa: PLC0415 - only a failed job needs it

            raise TruncatedError(None, "at least one row", found, self._name).with_hint(of_no_rows(self.header))
        self._check_bad_rows(counts.rows)
        return counts

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self._check_open()
        self._closed = True  # unless everything is read
        try:
            yield
        except DataError as error:
            error.source = self._name
            if error.line is not None and self.repairs.line_of:
                error.line = self.repairs.line_of(error.line)
            raise
        self._closed = False

    def _more_states(self) -> tuple[WindowState, ...]:
        from stream_signal.core.state import WindowState  # noqa: PLC0415 - only a checkpoint needs it

        if self._more_keys:
            return tuple(
                WindowState(keys.totals.signals, [], 0, self.rows - keys.with_mean, keys.state())
                for keys in self._more_keys
            )
        return tuple(
            WindowState(tally.signals, tally.mean.held(), tally.mean.places, tally.rows_without_mean, None)
            for tally in self._more
        )

    def _restore_more(self, state: State) -> None:
        if len(state.more) != len(self._more):
            raise ValueError("expected the state of each further window")
        for at, (tally, saved) in enumerate(zip(self._more, state.more, strict=True)):
            if (saved.keys is None) != (self._keys is None):
                raise ValueError("expected the keys of each further window")
            tally.rows, tally.signals, tally.rows_without_mean = state.rows, saved.signals, saved.rows_without_mean
            tally.mean.restore(saved.ring, saved.places)
            if self._keys:
                self._more_keys[at].restore(saved.keys or {}, state.rows - (saved.rows_without_mean or 0))

    def _check_bad_rows(self, rows: int) -> None:
        bad, missing = (self.repairs.counts.get(kind, 0) for kind in (BAD_ROW, MISSING_CLOSE))
        if not bad:
            return
        window, max_bad = self._config.window, self._config.max_bad
        first = f"first: {self.repairs.first[BAD_ROW][0]}"
        if bad / rows > max_bad:
            from stream_signal.core.hints import of_bad_rows  # noqa: PLC0415 - only a failed job needs it

            expected = f"at most {max_bad:g} of the rows bad (`max_bad`)"
            found = f"{bad} of {rows} rows that could not be read; {first}"
            raise DataError(None, expected, found).with_hint(of_bad_rows(bad, rows))
        # So many rows in a row, or more, would have a close if every row could be read.
        if self.rows_with_mean == 0 and (self.longest - missing) // (missing + 1) >= window:
            from stream_signal.core.hints import of_no_window  # noqa: PLC0415 - only a failed job needs it

            found = f"none in {rows} rows, of which {bad} could not be read; {first}"
            raise DataError(None, f"a window of {window} rows that can be read", found).with_hint(of_no_window())

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("this stream has ended")

    @property
    def _symbols(self) -> Symbols | None:
        return None if self._keys else cast("Symbols | None", self._reader.label)

    def _restore_symbols(self, symbols: Sequence[str | None]) -> None:
        if len(symbols) != len(self.symbols):
            raise ValueError("expected a symbol for each column of symbols")
        if self._symbols:
            self._symbols.values = [None if symbol is None else symbol.encode("latin-1") for symbol in symbols]

    def _read(self, data: bytes) -> None:
        self._backlog = self._backlog + len(data) if len(data) >= BACKLOG_BYTES else 0
        if self._wants_blocks():
            self._blocks().feed(data)
        else:
            self._row_engine.feed(data)

    def _takes(self, batch: Batch) -> bool:
        """Whether the rows of a batch may be counted without their lines: these would be read as the batch was."""
        header = self.header
        if not header or self._engine == "rows" or self._reader.label or not self._reader.between_rows:
            return False
        return batch.layout == (header.delimiter, header.position, header.width)

    def _wants_blocks(self) -> bool:
        """Whether the chunk that has just arrived is for the block engine."""
        if self._engine != "auto":
            return self._engine == "blocks"
        if not self._backlog:
            return False
        return self._block_engine is not None or max(self._expected, self._backlog) >= self._block_engine_from

    def _blocks(self) -> BlockEngine:
        if not self._block_engine:
            from stream_signal.core.blocks.engine import LEAST_BLOCK_BYTES, BlockEngine  # noqa: PLC0415 - loads NumPy

            least = 0 if self._engine == "blocks" else LEAST_BLOCK_BYTES
            if self._keys:
                from stream_signal.core.blocks.keyed import KeyedBlockEngine  # noqa: PLC0415 - as above

                self._block_engine = KeyedBlockEngine(
                    self._reader,
                    self._row_engine,
                    self._keys,
                    self._key_times,
                    self._observers,
                    self._block_bytes,
                    least,
                    self._more_keys,
                )
            else:
                self._block_engine = BlockEngine(
                    self._reader, self._row_engine, self._tally, self._observers, self._block_bytes, least, self._more
                )
            self._block_engine.scratch = self._scratch
        return self._block_engine


def _begin(observers: Iterable[Observer], header: Header) -> None:
    for observer in observers:
        observer.begin(header)


def _label_of(
    config: Config, keys: Keys | None, input_key: InputKey | None, times: KeyTimes | None, header: Header
) -> Label | None:
    """Return what reads the key of each row, or what looks for a second symbol; None if neither is needed."""
    key = config.key
    if keys and key is not None:
        from stream_signal.core.keys import KeyColumn  # noqa: PLC0415 - most streams have none

        label = input_key or KeyColumn(keys, header, key)
        if times:
            times.begin_keys(header, label)
        return label
    if key is None and not SYMBOL_NAMES.isdisjoint(map(folded, header.names)):
        from stream_signal.core.symbols import Symbols  # noqa: PLC0415 - most files have no such column

        symbols = Symbols(header)
        return symbols if symbols.positions else None
    return None


def _counts_of(keys: Keys) -> dict[str, Counts]:
    """Return the counts of each key that has rows."""
    return {key.decode(): Counts(rows, signals, signals / rows) for key, rows, signals in keys.counts() if rows}


def _bytes_of(data: Any) -> bytes:
    kind = type(data).__name__
    try:
        view = memoryview(data)
    except TypeError:
        advice = ": encode it as UTF-8" if isinstance(data, str) else ""
        raise TypeError(f"expected bytes, found {kind}{advice}") from None
    if view.ndim != 1 or view.format not in {"B", "b", "c"}:  # a number of NumPy is a buffer, too
        raise TypeError(f"expected bytes, found {kind}")
    return bytes(view)


def _texts(found: object) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(text, str) for pair in found.items() for text in pair):
        raise ValueError("expected doubts")
    return found
