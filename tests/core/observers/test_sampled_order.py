"""The order of timestamps behind the first rows of an input: samples show it, the same ones however the bytes came."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, Observer, SignalStream
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.hints.doubts import doubts_of
from support.commands import run_command, run_in_process
from support.streams import BY_ROWS, by_blocks, moved, stretch_of
from support.typing import proposed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stream_signal.core.rows import Rows, Seen

MARK, FIRST = 4096, 2048
HEADER = b"time,symbol,close,text\n"
ENGINES: list[dict[str, Any]] = [BY_ROWS, by_blocks(3000), by_blocks(65536)]
Marked = tuple[int, bytes, bytes]


class Line:
    """A line, or several, of a file: at most one row."""

    def __init__(self, time: str, key: str, kind: str, size: int) -> None:
        text = "x" * size
        self.time, self.key, self.is_row = time.encode(), key.encode(), kind not in {"blank", "header"}
        row = f"{time},{key},1,{text}\n"
        if kind == "blank":
            row = "\n"
        elif kind == "header":
            row = HEADER.decode()
        elif kind == "quoted":
            row = f'"{time}","{key}","1","{text}"\n'
        elif kind == "lines":
            row = f'{time},{key},1,"{text}\n{text}"\n'
        elif kind == "odd":
            row = f"{time},{key}, 1e0 ,{text}\n"
        elif kind == "bad":
            row, self.time, self.key = f"{time},{key}\n", b"", b""
        self.data = row.encode()


times = st.sampled_from([*("60", "120", "180", "240", "300", "2024-03-04", "2024-03-05"), *("", "x", "04/03/2024")])
kinds = st.sampled_from([*["plain"] * 12, "quoted", "lines", "odd", "odd", "bad", "blank", "header"])
sizes = st.sampled_from([*[40] * 3, 300, 900, 1500, 3900, 9000])
lines = st.builds(Line, times, st.sampled_from("AB"), kinds, sizes)
later = st.lists(st.tuples(st.integers(1, 99), kinds, sizes), max_size=40)


def in_order(drawn: list[tuple[int, str, int]]) -> list[Line]:
    """Make a file whose times ascend."""
    return [Line(str(1000 + at), "AB"[step % 2], kind, size) for at, (step, kind, size) in enumerate(drawn)]


files = st.one_of(st.lists(lines, max_size=60), later.map(in_order))


def text_of(file: Sequence[Line]) -> bytes:
    """Write a file."""
    return HEADER + b"".join(line.data for line in file)


def marked_in(file: Sequence[Line]) -> list[Marked]:
    """Find the rows that have a byte whose number, from 1, is 2,048, or any multiple of 4,096 more."""
    offset, row, found = len(HEADER), 0, []
    for line in file:
        end = offset + len(line.data)
        row += line.is_row
        if line.is_row and (offset + FIRST) // MARK < (end + FIRST) // MARK:
            found.append((row, line.key, line.time))
        offset = end
    return found


class Sampler(Observer):
    """Takes what it is shown, after the first rows that it wants."""

    name = "sampler"
    samples = True

    def __init__(self, wants: int = 0) -> None:
        self.wants: int | None = wants
        self.seen: list[Marked] = []

    def see(self, rows: Rows, seen: Seen) -> None:
        """Take the rows that are marked."""
        wanted = min(self.wants or 0, len(rows))
        self.wants = (self.wants or 0) - wanted
        marks = [int(at) for at in rows.marks if at >= wanted]
        keys = seen.keys(rows, marks)
        times = rows.texts_at(0, marks)
        assert keys is None or [(seen.keys(rows) or [])[at] for at in marks] == keys
        self.seen += [(seen.first + at, b"", time) for at, time in zip(marks, times, strict=True)]

    def part(self) -> Sampler | None:
        """Take those of later rows, once the first ones are there."""
        return None if self.wants else Sampler()

    def join(self, part: Sampler, rows: int, seam: object) -> None:  # noqa: ARG002
        """Add them."""
        self.seen += [(rows + row, key, time) for row, key, time in part.seen]

    def snapshot(self) -> list[Any]:
        """Keep what was seen."""
        return [self.wants, [[row, time.decode()] for row, _, time in self.seen]]

    def restore(self, saved: list[Any]) -> None:
        """Go on."""
        self.wants, seen = saved
        self.seen = [(row, b"", time.encode()) for row, time in seen]


class Way:
    """A way for the bytes of an input to reach a stream: cut anywhere, with stops, or with ranges counted apart."""

    def __init__(self, config: Config, make: Callable[[], Observer], engine: dict[str, Any], how: str) -> None:
        self.config, self.make, self.engine, self.how = config, make, engine, how
        self.observer = make()
        self.stream = SignalStream(config, [self.observer], **engine)

    def feed(self, data: bytes, cuts: Sequence[int]) -> None:
        """Feed an input."""
        at = 0
        for cut in sorted({min(cut, len(data)) for cut in cuts} | {len(data)}):
            if self.how == "ranges" and (begin := data.rfind(b"\n", 0, at) + 1) == at:
                end = data.rfind(b"\n", 0, cut) + 1
                stretch = stretch_of(self.stream, data[at:end], at) if begin < end else None
                if stretch and self.stream.fits(stretch):
                    self.stream.add(stretch, data[max(at, end - MARK) : end])
                    at = end
            self.stream.feed(data[at:cut])
            at = cut
            if self.how == "stops":
                self.observer = self.make()
                self.stream, offset = moved(self.stream, self.config, observers=[self.observer], **self.engine)
                self.stream.feed(data[offset:at])
        self.stream.end_input()


ways = st.sampled_from(["cuts", "stops", "ranges"])
cut_lists = st.lists(st.integers(0, 60_000), max_size=6)


@given(files, st.integers(0, 30), st.sampled_from(ENGINES), ways, cut_lists, st.sampled_from(["none", "symbol"]))
def test_the_same_rows(
    file: list[Line], first: int, engine: dict[str, Any], how: str, cuts: list[int], key: str
) -> None:
    """At any cut, over stops and ranges, by either engine: the rows with each 4,096th byte, behind the first ones."""
    config = Config(bad_rows="missing", max_bad=1, key=key)
    way = Way(config, lambda: Sampler(first), engine, how)
    way.feed(text_of(file), cuts)
    assert isinstance(way.observer, Sampler)
    assert way.observer.seen == [(row, b"", time) for row, _, time in marked_in(file) if row > first]


def all_of(order: TimeOrder) -> object:
    """Give all that was found; the last timestamp for people is better known if there was a stop behind it.

    Columns of symbols are looked at in the rows that come together.
    """
    return [
        (order.counts, {kind: str(step) for kind, step in order.first.items()}, order.pairs),
        order.snapshot() | {"last": "", "symbols": None},
        ({kind: str(step) for kind, step in order.sampled.items()}, order.span(100), order.gap(1)),
    ]


@given(
    st.lists(files, min_size=1, max_size=2),
    st.integers(1, 30),
    st.sampled_from(ENGINES),
    ways,
    st.lists(cut_lists, min_size=2, max_size=2),
    st.sampled_from(["none", "symbol"]),
)
def test_the_same_order(
    inputs: list[list[Line]], first: int, engine: dict[str, Any], how: str, cuts: list[list[int]], key: str
) -> None:
    """What the first rows, the samples and the seam show is the same for any cut, engine, stop and range."""
    config = Config(bad_rows="missing", max_bad=1, key=key)
    found: list[object] = []
    for way in (
        Way(config, lambda: TimeOrder(rows=first), engine, how),
        Way(config, lambda: TimeOrder(rows=first), BY_ROWS, "cuts"),
    ):
        for file, each in zip(inputs, cuts, strict=False):
            way.feed(text_of(file), each if len(found) == 0 else [])
        assert isinstance(way.observer, TimeOrder)
        found.append(all_of(way.observer))
    assert found[0] == found[1]


@given(later, st.integers(0, 39), st.integers(1, 30))
def test_what_samples_show(drawn: list[tuple[int, str, int]], turn: int, first: int) -> None:
    """A sample that is not later than the one before is found, with its row; samples in order are no doubt."""
    file = in_order(drawn)
    file = [*file[turn:], *file[:turn]]
    order = TimeOrder(rows=first)
    stream = SignalStream(Config(bad_rows="missing", max_bad=1, key="none"), [order])
    stream.feed(text_of(file))
    rows = [line for line in file if line.is_row]
    before = next((line.time for line in rows[:first][::-1] if line.time), b"")
    wanted = ""
    for row, _, time in marked_in(file):
        if row > first and time:
            if before and int(time) <= int(before):
                wanted = wanted or f"row {row}: '{int(time)}' after '{int(before)}'"
            before = time
    assert {kind: str(step) for kind, step in order.sampled.items()} == ({"backwards": wanted} if wanted else {})
    if wanted and not order.counts:
        assert "backwards" in [doubt.kind for doubt in doubts_of(stream, order)]


def test_equal_samples_and_unreadable_ones() -> None:
    """Two rows far apart with one timestamp are told without a count, and so is a sample that cannot be read."""
    file = [Line("60", "A", "plain", 40), *(Line(time, "A", "plain", 5000) for time in ("120", "120", "noon", "180"))]
    order = TimeOrder(rows=1)
    stream = SignalStream(Config(window=1), [order])
    stream.feed(text_of(file))
    assert [doubt.kind for doubt in doubts_of(stream, order)] == ["repeated", "not_compared"]
    assert [str(step) for step in order.sampled.values()] == ["row 3: '120' after '120'", "row 4: 'noon'"]


def test_each_key_with_itself() -> None:
    """Samples are compared with those of their own key: symbols one below the other are in order, one turned is not."""
    file = [Line(str(1000 + at), key, "plain", 1000) for key in "AB" for at in range(40)]
    for rows, found in ((file, {}), ([*file[:60], *file[70:], *file[60:70]], {"backwards"})):
        order = TimeOrder(rows=10)
        SignalStream(Config(key="symbol"), [order]).feed(text_of(rows))
        assert set(order.sampled) == set(found)
        assert all(str(step).startswith("'B', row ") for step in order.sampled.values())


def test_the_seam_of_a_key_that_ended_early() -> None:
    """A key without a row at the end of an input is compared with its last sample, and the count is not exact."""
    early = [Line(str(1000 + at), "AB"[at > 60], "plain", 500) for at in range(100)]
    order = TimeOrder(rows=10)
    stream = SignalStream(Config(key="symbol"), [order])
    for file in (early, [Line("1010", "A", "plain", 1), Line("2000", "B", "plain", 1)]):
        stream.feed(text_of(file))
        stream.end_input()
    last = [time.decode() for _, key, time in marked_in(early) if key == b"A"][-1]
    assert (order.counts, list(map(str, order.sampled.values()))) == ({}, [f"'A', row 101: '1010' after '{last}'"])


def test_nobody_pays_for_rows_that_nobody_wants() -> None:
    """An observer that wants no rows, and no samples, sees none; one that wants three sees no more than those."""

    class Few(Observer):
        def __init__(self, wants: int) -> None:
            self.wants, self.numbers = wants, list[int]()

        def see(self, rows: Rows, seen: Seen) -> None:
            count = min(self.wants or 0, len(rows))
            self.wants = (self.wants or 0) - count
            self.numbers += range(seen.first, seen.first + count)

    none, few = Few(0), Few(3)
    stream = SignalStream(Config(key="none"), [none, few])
    for line in text_of([Line(str(at), "A", "plain", 5000) for at in range(9)]).splitlines(keepends=True):
        stream.feed(line)
    assert (none.numbers, few.numbers) == ([], [1, 2, 3])


SHAPES = ["second half first", "overlap", "two names"]


def shape(kind: str, rows: int) -> tuple[bytes, int]:
    """Write a file whose order is broken behind the first 10,000 rows; return the row, too."""
    half = rows // 2
    if kind == "overlap":
        order, broken = [*range(half), *range(half - 1000, rows)], half
    else:
        order, broken = [*range(half, rows), *range(half)], rows - half
    names = ["", ""] if kind != "two names" else [",MSFT", ",AAL"]
    stamps = [(at % half if kind == "two names" else at) * 60 + 1_704_153_600 for at in order]
    header = "time,close" + (",Name" if kind == "two names" else "")
    body = "".join(f"{at},{100 + at % 7}.25{names[number >= broken]}\n" for number, at in enumerate(stamps))
    return f"{header}\n{body}".encode(), broken + 1


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("how", ["a file", "a pipe", "two processes"])
def test_order_broken_far_behind(kind: str, how: str, tmp_path: Path) -> None:
    """Halves in the wrong order, rows twice and a symbol below another are told: by file, by pipe, by two processes."""
    data, broken = shape(kind, 240_000 if how == "two processes" else 24_000)
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    arguments = {"a file": ["data.csv"], "a pipe": [], "two processes": ["data.csv", "--jobs", "2"]}[how]
    run = run_command if how == "two processes" else run_in_process
    done = run(*arguments, stdin=data if how == "a pipe" else b"", cwd=tmp_path)
    if kind == "two names":
        line = proposed(done.stderr)[0]
        assert (done.code, line.split()[-2:]) == (0, ["--key", "Name"])
        return
    assert (done.code, done.stderr.count("\n")) == (0, 1)
    row = int(re.findall(r" seen at row (\d+):", done.stderr)[0])
    assert broken <= row < broken + 300


FLAT: dict[str, Any] = {
    "column": None,
    "last": "120",
    "pairs": 9999,
    "patience": 9999,
    "order": None,
    "readings": [[{"repeated": 1}, {"repeated": [3, "60", "60"]}, [9999, 0, 60 * 10**9, []], 120 * 10**9]],
    "others": {},
    "first": {},
}
OLDER: list[tuple[dict[str, Any], dict[str, int]]] = [
    ({"last": "120", "column": None}, {}),
    (FLAT, {"repeated": 1}),
    (FLAT | {"left": 0}, {"repeated": 1}),
    ({"last": "120", "left": 0, "tail": "", "keys": [["A", FLAT]]}, {"repeated": 1}),
]


@pytest.mark.parametrize("limit", [None, 10_000])
@pytest.mark.parametrize(("saved", "counts"), OLDER)
def test_what_older_versions_saved(saved: dict[str, Any], counts: dict[str, int], limit: int | None) -> None:
    """The order of times in a checkpoint of schema 2 or 3 is taken up: of all rows, of the first ones, and of keys."""
    config = Config(key="symbol" if "keys" in saved else "none")
    stream = SignalStream(config)
    stream.feed(text_of([Line("120", "A", "plain", 1)]))
    state = stream.state()
    order = TimeOrder(rows=limit)
    stream = SignalStream.from_state(config, state._replace(observed={"time_order": saved}), [order])
    assert (order.counts, order.wants) == (counts, None if limit is None else 0)
    stream.feed(text_of([Line("60", "A", "plain", 5000)])[len(HEADER) :])
    assert order.counts == counts | ({"backwards": 1} if limit is None else {})
    assert order.sampled.keys() == (set() if limit is None else {"backwards"})


def test_without_a_timestamp_column() -> None:
    """A stream without a timestamp column compares nothing, not even behind a stop."""
    for limit in (None, 1):
        stream = SignalStream(Config(), [TimeOrder(rows=limit)])
        stream.feed(b"price,close\n" + b"9,1\n8,1\n" * 2000)
        order = TimeOrder(rows=limit)
        stream, _ = moved(stream, Config(), observers=[order])
        stream.feed(b"9,1\n8,1\n" * 2000)
        assert (order.counts, order.sampled, order.pairs) == ({}, {}, 0)
