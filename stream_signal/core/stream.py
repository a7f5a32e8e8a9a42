r"""SignalStream: bytes in, counts out. No I/O, no clock, no log.

The core behind every input: a file, a pipe and a test feed it the same bytes, cut anywhere, and read the same counts.
It counts as bytes arrive; memory is the window, one block and one unfinished line.

A reader makes rows, the panel counts them, observers see them. There are two readers: the text reader reads anything,
one line at a time; the block reader takes the whole lines of a large chunk at once, and hands what it cannot read
exactly over to the text reader. Which of them reads a line never changes the answer, only the time it takes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from stream_signal.core.config import Config, as_config
from stream_signal.core.errors import DataError, TruncatedError
from stream_signal.core.findings import BAD_ROW, FOOTER, MISSING_CLOSE, Findings
from stream_signal.core.layout.layout import matches
from stream_signal.core.limits import Tuning
from stream_signal.core.series.grouping import grouping_of
from stream_signal.core.series.panel import Counts, Panel
from stream_signal.core.text.lines import Tail
from stream_signal.core.text.reader import TextReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Self

    from stream_signal.core.blocks.reader import BlockReader, Scratch
    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.observe import Kept, Observer, Stage
    from stream_signal.core.rows import Batch, Rows, Seen
    from stream_signal.core.state import Apart, State, Stretch

# The name under which a state keeps the last rows, among those of the observers.
_TAIL = "tail"


class _Reading:
    """Whether a stream is open: it is closed by the first line that cannot be read.

    An error gets the name of the `source`, and the number of its line from `line_of`. As a generator, this would add a
    tenth to the time of a live row.
    """

    def __init__(self) -> None:
        self.closed = False
        self.source: str | None = None
        self.line_of: Callable[[int], int] | None = None

    def check(self) -> None:
        if self.closed:
            raise ValueError("this stream has ended")

    def __enter__(self) -> None:
        self.check()
        self.closed = True

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None:
            self.closed = False
        elif isinstance(error, DataError):
            error.source = self.source
            if error.line is not None and self.line_of:
                error.line = self.line_of(error.line)


class SignalStream:
    r"""Counts the rows of candle CSV whose close is above the mean of the last `window` closes.

    `feed` takes bytes cut anywhere; `finish` ends the stream. DataError names the line that cannot be read; after it,
    or after `finish`, the stream accepts nothing more (ValueError). `rows` and `signals` can be read at any time. Each
    of the `observers` sees the rows that it wants as they are counted. ValueError if two of them have one name, or if
    one has a snapshot and no name.

    `stages` change the rows before they are counted, each those of the one before it: the rows that one leaves out are
    neither counted nor shown. With any `tuning`, the answer is the same.

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
        stages: Sequence[Stage] = (),
        tuning: Tuning = Tuning(),  # noqa: B008 - a value
        joins: bool = False,
    ) -> None:
        if tuning.engine not in {"auto", "rows", "blocks"}:
            raise ValueError(f"expected the engine 'auto', 'rows' or 'blocks', found {tuning.engine!r}")
        config = as_config(config)
        self._observers, self._stages = tuple(observers), (*_stages_of(config), *stages)
        self._kept: tuple[Kept, ...] = (*observers, *self._stages)
        if self._kept:
            from stream_signal.core.observe import check_names

            check_names(self._kept, {_TAIL})
        self._config = config
        # If the observers do not see all rows of an input, they are told its last ones.
        self._tail = Tail() if any(observer.wants is not None for observer in observers) else None
        self._grouping = grouping_of(config)
        self._panel = Panel(self._grouping, (config.window, *config.windows), joins=joins)
        # The reader does not refer to this stream: without a cycle, a dropped one is freed at once, arrays and all.
        self._text = TextReader(config, self._grouping, partial(_begin, self._observers, self._stages))
        self._blocks: BlockReader | None = None
        self._scratch: Scratch = {}
        # The block reader reads points only; a close with groups makes its line irregular, for the text reader to read.
        is_text = not self._text.marks.have_point or self._panel.has_long_rings(tuning.most_ring_window)
        shows_all = any(observer.wants is None for observer in observers)
        self._tuning = tuning._replace(
            engine="rows" if is_text else tuning.engine,
            blocks_from_bytes=tuning.blocks_from_bytes // (4 if shows_all else 1),
            least_block_bytes=0 if tuning.engine == "blocks" else tuning.least_block_bytes,
        )
        self._expected = 0  # bytes
        self._backlog = 0  # bytes in large chunks, one after another
        self._has_batches = False  # whether rows of the current input were no bytes
        self._reading = _Reading()
        self._watch()

    @classmethod
    def from_state(
        cls,
        config: Config,
        state: State,
        observers: Sequence[Observer] = (),
        *,
        stages: Sequence[Stage] = (),
        tuning: Tuning = Tuning(),  # noqa: B008 - a value
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
        self = cls(config, observers, stages=stages, tuning=tuning)
        self._panel.restore(state.panel)
        self._text.resume(state.header, state.offset, state.line, state.repairs)
        if state.symbols:
            self._grouping.restore(state.symbols)
        for part in self._kept:
            if part.name in state.observed:
                part.restore(state.observed[part.name])
        saved = state.observed.get(_TAIL, "")
        if not isinstance(saved, str):
            raise ValueError("expected the last rows")  # noqa: TRY004 - in JSON, a wrong type is a wrong value
        tail = Tail(saved.encode("latin-1"))
        self._tail = None if self._tail is None else tail
        self._pass_by(tail, torn=True)
        self._watch()
        return self

    def state(self) -> State:
        """Return what it takes to resume at the first row not counted; it is a value, which later rows do not change.

        ValueError if the stream has ended, or is within an input of which it has had batches.
        """
        from stream_signal.core.state import State, as_value

        self._reading.check()
        if self._has_batches:
            raise ValueError("no stream can resume within an input that is not fed as bytes")
        offset, line, repairs = self._text.position()
        if self._tail is not None:
            self._tail.left_out = self._text.ending
            self._pass_by(self._tail, torn=True)
        snapshots = {part.name: part.snapshot() for part in self._kept}
        observed = {name: as_value(snapshot) for name, snapshot in snapshots.items() if snapshot is not None}
        if self._tail is not None:
            # At the start of an input, its bytes are fed once more.
            observed[_TAIL] = self._tail.whole().decode("latin-1") if offset else ""
        return State(self.header, offset, line, repairs, self._panel.state(), self.symbols, observed)

    @property
    def rows(self) -> int:
        """Rows counted so far."""
        return self._panel.rows

    @property
    def signals(self) -> int:
        """Signals among them."""
        return self._panel.windows[0].signals

    @property
    def window(self) -> int:
        """Rows in a full window."""
        return self._panel.windows[0].window

    @property
    def newest_first(self) -> bool:
        """Whether files are read from their ends."""
        return self._config.newest_first

    @property
    def rows_with_mean(self) -> int | None:
        """Rows whose window is full: no other can signal. None if it resumed from a state that did not count them."""
        return self._panel.windows[0].full

    @property
    def by_key(self) -> dict[str, Counts] | None:
        """The counts of each key, in the order in which they first came; None if the stream has no keys."""
        return self._panel.by_key()

    @property
    def by_window(self) -> dict[int, Counts] | None:
        """The counts of each further window; None if there are none, or before the first row."""
        return self._panel.by_window() or None

    @property
    def by_key_and_window(self) -> dict[str, dict[int, Counts]] | None:
        """The counts of each further window for each key; None if there are no keys, or no further windows."""
        return self._panel.by_key_and_window() or None

    @property
    def keys(self) -> int | None:
        """How many keys have come so far; None if the stream has no keys."""
        return self._panel.key_count

    @property
    def symbols(self) -> tuple[str | None, ...]:
        """The value of each column of symbols, if the stream looks at them; None while there is none."""
        return self._grouping.symbols

    @property
    def may_mix_symbols(self) -> bool:
        """Whether nobody has said what its series are."""
        return self._grouping.is_assumed

    @property
    def longest(self) -> int:
        """The rows of the longest series: of the key that has the most, or all of them."""
        return self._panel.longest

    @property
    def value(self) -> float | None:
        """The signal rate so far: signals / rows, or None before the first row."""
        return self.signals / self.rows if self.rows else None

    @property
    def counts(self) -> Counts | None:
        """The answer for the rows so far, or None before the first row."""
        return self._panel.counts()

    @property
    def closed(self) -> bool:
        """Whether it accepts no more bytes: it was finished, or a line could not be read."""
        return self._reading.closed

    @property
    def other_close(self) -> str | None:
        """The name of the column of the close, if that is another known one than the name that was asked for."""
        layout, wanted = self.header, self._config.column_name
        if layout is None or not layout.names or wanted is None or matches(layout.names, wanted):
            return None
        return layout.names[layout.position]

    @property
    def header(self) -> Layout | None:
        """How the rows are read; None until the header is known."""
        return self._text.header

    @property
    def repairs(self) -> Findings:
        """What was skipped or taken as missing so far."""
        return self._text.repairs

    def begin_input(
        self,
        name: str | None = None,
        size: int = 0,
        line_of: Callable[[int], int] | None = None,
        path: str | None = None,
        *,
        ends: bool = True,
    ) -> None:
        """Begin an input, with what is known of it: its name, for errors, and how many bytes it has.

        The sooner the size is known, the sooner the block reader can be used. `line_of` gives the line number in the
        file of the line that is fed as number n, if the lines come in another order. With `key: @file`, `path`, or the
        name without one, has the key; InputError if it has none. Only an input that `ends` may have a footer.
        """
        self._text.may_end = ends and not self._config.newest_first
        self._grouping.begin_input(path or name)
        self._reading.source = self.repairs.source = name
        self._reading.line_of = self.repairs.line_of = line_of
        self._expected += size

    def skip_lines(self, count: int) -> None:
        """Count lines of the current input that are not fed, so that errors name the right line."""
        self._text.skip_lines(count)

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes; feeding a and then b is the same as feeding a + b."""
        data = data if isinstance(data, bytes) else _bytes_of(data)
        with self._reading:
            self._read(data)
            if self._tail is not None:
                self._tail.feed(data)

    def feed_batch(self, batch: Batch) -> None:
        """Take the next rows of a columnar file, with the same result as feeding their lines; a line has to end here.

        As there are no bytes of it, the stream has no state until the input has ended.
        """
        with self._reading:
            self._has_batches = True
            self._text.take_header()
            rows = self._block_reader().batch(batch) if self._takes(batch) else None
            if rows:
                self._take([rows])
                if self._tail is not None:
                    self._tail.take(rows)
                return
            text = batch.lines()
            if not 0 < batch.sample_rows < len(batch.closes):  # otherwise as of other lines
                self._text.mark_first(len(text), is_marked=batch.sample_rows > 0)
            self._read(text)
            if self._tail is not None:
                self._tail.feed(text)

    def apart(self) -> Apart | None:
        """Return how later lines of this input can be counted apart, with `count_apart`; None if not, or not yet."""
        from stream_signal.core.state import Apart

        if self.closed or self._stages or not self.header or not self._text.between_rows:
            return None
        parts = [observer.part() for observer in self._observers]
        settled = tuple(part for part in parts if part is not None)
        if len(settled) < len(parts) or not self._panel.may_join:
            return None
        return Apart(self._config, self.header, settled, self.symbols, self._tuning)

    @staticmethod
    def count_apart(
        apart: Apart,
        chunks: Iterable[bytes],
        offset: int = 1,
        scratch: Scratch | None = None,
        name: str | None = None,
    ) -> Stretch:
        r"""Count the whole lines in `chunks` apart from the stream that `apart` came from.

        `offset` is that of the first line in its input, and `name` the name of that, which may have the key. NotApart
        if the stream has to read these lines itself. Whoever counts many stretches in one thread may pass the same
        empty dict as `scratch`, to keep what is costly to make.

        >>> stream = SignalStream(Config(window=2))
        >>> stream.feed(b"close\n4.58\n")
        >>> stretch = SignalStream.count_apart(stream.apart(), [b"4.59\n4.", b"60\n"])
        >>> stream.add(stretch, b"60\n")
        >>> stream.finish()
        Counts(rows=3, signals=2, value=0.6666666666666666)
        """
        from copy import deepcopy

        from stream_signal.core.state import NotApart, Stretch

        parts = deepcopy(apart.parts)
        stream = SignalStream(apart.config, parts, tuning=apart.tuning, joins=True)
        stream._scratch = {} if scratch is None else scratch
        text = stream._text
        text.resume(apart.layout, offset, line=0, repairs=Findings())
        stream._grouping.restore(apart.symbols)
        stream.begin_input(size=stream._tuning.blocks_from_bytes, path=name)  # stretches are large
        fed = 0
        try:
            for chunk in chunks:
                if b'"' in chunk:
                    raise NotApart("a quote may span lines")
                stream.feed(chunk)
                fed += len(chunk)
        except DataError as error:
            raise NotApart("a line cannot be read") from error
        if not text.between_rows:
            raise NotApart("the last line is not whole")
        if not all(part.can_join for part in parts):
            raise NotApart("an observer has to see these rows in order")
        if stream._blocks:
            stream._blocks.keep()
        return Stretch(fed, text.line, apart.layout, stream._panel.segments(), text.repairs, parts, stream.symbols)

    def add(self, stretch: Stretch, tail: bytes) -> None:
        """Take whole lines that were counted apart, as if they were fed; `tail` are the last of their bytes.

        ValueError if they do not `fit`: then they do not come next.
        """
        if not self.fits(stretch) or not self._text.between_rows:
            raise ValueError("the stretch does not begin where this stream is")
        with self._reading:
            rows, shown = self.rows, any(observer.sees_windows for observer in self._observers)
            seam = self._panel.add(stretch.segments, shown=shown)
            for observer, part in zip(self._observers, stretch.parts, strict=True):
                observer.join(part, rows, seam)
            self.repairs.add(stretch.repairs, self._text.line)
            self._text.skip_lines(stretch.lines, stretch.size)
            if self._tail is not None:
                self._tail.feed(tail)

    def fits(self, stretch: Stretch) -> bool:
        """Whether lines were counted with the layout and the symbols of this stream, and it can take their keys."""
        is_alike = (stretch.layout, stretch.symbols) == (self.header, self.symbols)
        return is_alike and self._panel.fits(stretch.segments)

    def end_input(self) -> None:
        """End one input of several: its last row needs no newline, and the next may bring its own header."""
        with self._reading:
            self._take(self._text.rest())
            self._text.end_input()
            self._end(torn=False)

    def drop_input(self) -> None:
        """End an input that may not be whole: a line without its newline is a repair and does not count."""
        with self._reading:
            self._take(self._text.drop_input())
            self._end(torn=True)

    def finish(self) -> Counts:
        """End the stream and return its counts; raise TruncatedError if there was no row.

        DataError if more than `max_bad` of the rows were bad, or if it is because of bad rows that no window was full.
        """
        self.end_input()
        self._reading.closed = True
        counts = self.counts
        if not counts:
            line, rows_found = None, "only a header" if self.header else "an empty input"
            if FOOTER in self.repairs.first:
                line, rows_found, _ = self.repairs.first[FOOTER][0]
            header = self.header.line if self.header else None
            if self.header and self._config.is_ranged:
                raise TruncatedError(None, "at least one row in the range of time", "none", self._reading.source)
            error = TruncatedError(line, "at least one row", rows_found, self._reading.source)
            raise error.with_clue("no_rows", header=header)
        self._check_bad_rows(counts.rows)
        return counts

    def _check_bad_rows(self, rows: int) -> None:
        bad, missing = (self.repairs.counts.get(kind, 0) for kind in (BAD_ROW, MISSING_CLOSE))
        if not bad:
            return
        window, max_bad = self._config.window, self._config.max_bad
        first = f"first: {self.repairs.first[BAD_ROW][0]}"
        if bad / rows > max_bad:
            expected = f"at most {max_bad:g} of the rows bad (`max_bad`)"
            unread = f"{bad} of {rows} rows that could not be read; {first}"
            raise DataError(None, expected, unread).with_clue("many_bad_rows", bad=bad, rows=rows)
        # So many rows in a row, or more, would have a close if every row could be read.
        if self.rows_with_mean == 0 and (self.longest - missing) // (missing + 1) >= window:
            windows = f"none in {rows} rows, of which {bad} could not be read; {first}"
            raise DataError(None, f"a window of {window} rows that can be read", windows).with_clue("no_full_window")

    def _end(self, *, torn: bool) -> None:
        self._has_batches = False
        if self._tail is not None:
            self._tail.left_out = self._text.left_out
            self._pass_by(self._tail, torn=torn)
            self._tail = Tail()
        for observer in self._observers:
            observer.end_input()
        self._watch()

    def _pass_by(self, tail: Tail, *, torn: bool) -> None:
        """Tell the observers which were the last rows."""
        if self.header and not self._stages:  # which may have left them out
            rows = tail.rows(self.header, torn=torn)
            keys = self._grouping.keys_of(rows)
            for observer in self._observers:
                observer.pass_by(rows, keys)

    def _watch(self) -> None:
        """Find out who wants to see the next rows, and who no more than samples."""
        self._seeing = [observer for observer in self._observers if observer.wants != 0]
        self._sampling = [observer for observer in self._observers if observer.samples and observer.wants == 0]
        self._shows_windows = any(observer.sees_windows for observer in self._seeing)
        self._text.keeps, self._text.samples = _wanted(self._observers, self._stages)

    def _read(self, data: bytes) -> None:
        self._backlog = self._backlog + len(data) if len(data) >= self._tuning.backlog_bytes else 0
        reader = self._block_reader() if self._wants_blocks() else self._text
        self._take(reader.rows(data))

    def _take(self, all_rows: Iterable[Rows]) -> None:
        """Count rows, and show them."""
        for rows in all_rows:
            for stage in self._stages:
                rows = stage(rows)  # noqa: PLW2901 - each takes those of the one before it
            if not rows.count:
                pass
            elif self._seeing or len(rows.marks) > 0:
                self._show(*self._panel.see(rows, windows=self._shows_windows))
            else:
                self._panel.push(rows)
            failure = rows.failure
            if failure:
                del rows  # the traceback will have this frame: a cycle, that would keep all of it
                try:
                    raise failure
                finally:
                    del failure

    def _show(self, rows: Rows, seen: Seen) -> None:
        has_ended = False
        for observer in [*self._seeing, *self._sampling] if len(rows.marks) > 0 else self._seeing:
            observer.see(rows, seen)
            has_ended = has_ended or observer.wants == 0
        if has_ended and self._tail is not None:
            self._watch()

    def _takes(self, batch: Batch) -> bool:
        """Whether the rows of a batch may be counted without their lines: these would be read as the batch was."""
        layout = self.header
        if not layout or self._tuning.engine == "rows" or not self._text.between_rows:
            return False
        return batch.layout == (layout.delimiter, layout.position, layout.width)

    def _wants_blocks(self) -> bool:
        """Whether the chunk that has just arrived is for the block reader."""
        if self._tuning.engine != "auto":
            return self._tuning.engine == "blocks"
        if not self._backlog:
            return False
        return self._blocks is not None or max(self._expected, self._backlog) >= self._tuning.blocks_from_bytes

    def _block_reader(self) -> BlockReader:
        if not self._blocks:
            from stream_signal.core.blocks.reader import BlockReader

            self._blocks = BlockReader(self._text, self._grouping, self._tuning, self._scratch)
        return self._blocks


def _stages_of(config: Config) -> list[Stage]:
    """Return the stages that the settings ask for."""
    if not config.is_ranged:
        return []
    from stream_signal.core.stages.time_range import TimeRange

    return [TimeRange(config)]


def _begin(observers: Sequence[Observer], stages: Sequence[Stage], layout: Layout) -> tuple[bool, bool]:
    """Show the layout; return what is `_wanted`."""
    for stage in stages:
        stage.begin(layout)
    for observer in observers:
        observer.begin(layout)
    return _wanted(observers, stages)


def _wanted(observers: Sequence[Observer], stages: Sequence[Stage]) -> tuple[bool, bool]:
    """Return whether anybody wants the texts of all rows, and whether any observer wants samples."""
    wants_texts = bool(stages) or any(observer.wants != 0 for observer in observers)
    return wants_texts, any(observer.samples for observer in observers)


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
