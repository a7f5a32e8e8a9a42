"""Each part of a kind keeps what its kind promises (`support.contracts`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream
from stream_signal.core.observe import Stage
from support.candle_csv import candle_csv
from support.contracts import (
    GROUPED,
    OBSERVERS,
    READERS,
    STAGES,
    check_grouping,
    check_observer,
    check_reader,
    check_stage,
)
from support.strategies import close_lists
from support.streams import BY_ROWS, by_blocks
from support.toys.every_second import EverySecond

if TYPE_CHECKING:
    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.rows import Rows


@pytest.mark.parametrize("name", OBSERVERS)
@given(data=st.data())
def test_observers(name: str, data: st.DataObject) -> None:
    """Rows one by one or at once, any cut, either engine, stopped anywhere, counted apart: it has seen the same."""
    check_observer(data, OBSERVERS[name])


@pytest.mark.parametrize("name", GROUPED)
@given(data=st.data())
def test_groupings(name: str, data: st.DataObject) -> None:
    """Each key is counted as if it were alone, by either engine, at any cut, over stops and stretches."""
    check_grouping(data, *GROUPED[name])


@pytest.mark.parametrize("name", STAGES)
@given(data=st.data())
def test_stages(name: str, data: st.DataObject) -> None:
    """What a stage leaves is the same by either engine, at any cut and over stops."""
    check_stage(data, STAGES[name])


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_readers(name: str, data: st.DataObject) -> None:
    """A reader gives the same rows, texts, keys and failure as the text reader, at any cut."""
    check_reader(data, READERS[name])


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(300)], ids=["rows", "blocks"])
@given(close_lists)
def test_rows_that_a_stage_drops_were_never_there(engine: dict[str, object], closes: list[str]) -> None:
    """A stream with the toy stage counts every second row as a stream that has only these."""
    streams = SignalStream(Config(window=3), stages=[EverySecond()], **engine), SignalStream(Config(window=3))  # type: ignore[arg-type]
    for stream, file in zip(streams, (closes, closes[::2]), strict=True):
        stream.feed(candle_csv(file))
    assert streams[0].counts == streams[1].counts


class Texts(Stage):
    """Keeps what it can see of the rows, and leaves all of them."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def begin(self, header: Layout) -> None:
        """Keep the names."""
        self.seen.append(header.names)

    def __call__(self, rows: Rows) -> Rows:
        """Keep the texts."""
        self.seen += rows.texts(0)
        return rows


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(300)], ids=["rows", "blocks"])
def test_a_stage_sees_the_header_and_the_texts(engine: dict[str, object]) -> None:
    """A stage learns of the header before the first row, and each row has its texts, without any observer."""
    stage = Texts()
    SignalStream(stages=[stage], **engine).feed(b"time,close\n60,1\n120,2\n" + b"180,3\n" * 100)  # type: ignore[arg-type]
    assert stage.seen == [("time", "close"), b"60", b"120", *[b"180"] * 100]
