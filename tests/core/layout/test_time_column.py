"""The timestamp column: one, or a date and a time apart."""

from __future__ import annotations

from typing import Any

import pytest

from stream_signal import Config, MissingColumnError, SignalStream, TimeOrder
from stream_signal.core.formats import FORMATS
from stream_signal.core.layout.layout import Layout, find_time
from stream_signal.core.layout.names import is_time_name
from stream_signal.core.observers.signal_lines import SignalLines
from support.streams import BY_ROWS, by_blocks


@pytest.mark.parametrize(
    ("names", "column", "position"),
    [
        ("open close", None, None),
        ("date close", None, 0),
        ("time close", None, 0),
        ("date time close", None, (0, 1)),
        ("<TIME> <DATE> <CLOSE>", None, (1, 0)),
        ("date time unix close", None, 2),
        ("date time close", "time", 1),
        ("date time close", ("time", 1), (1, 0)),
        ("unix date close", None, 0),
    ],
)
def test_found(names: str, column: Any, position: Any) -> None:
    """A date and a time apart are both taken, unless there is a column with both, or another is asked for."""
    header = Layout(b"", tuple(names.split()), ",", 0, len(names.split()))
    assert find_time(header, column) == position


def test_one_of_two_is_missing() -> None:
    """Each of two columns has to be there."""
    with pytest.raises(MissingColumnError, match="'hour'"):
        find_time(Layout(b"", ("date", "close"), ",", 1, 2), ("date", "hour"))


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(65536)])
@pytest.mark.parametrize("width", [0, 2])
def test_joined(engine: dict[str, Any], width: int) -> None:
    """Both engines write the two texts joined by a space, and compare them as one."""
    text = "<DATE>\t<TIME>\t<CLOSE>\n" + "".join(
        f"2024.03.{10 + hour // 24}\t{hour % 24:0{width}}:00\t4.{hour}\n" for hour in range(50)
    )
    lines, order = SignalLines("csv"), TimeOrder()
    stream = SignalStream(Config(bad_rows="missing"), [lines, order], **engine)
    stream.feed(text.encode() + b"2024.03.13\t0:00\n2024.03.12\t5:00\t1\n")
    stream.finish()
    written = [line.split(",")[1] for line in lines.take().decode().splitlines()]
    assert written[:2] == [f"2024.03.10 {hour:0{width}}:00" for hour in range(2)]
    assert written[-2:] == ["", "2024.03.12 5:00"]
    assert (order.counts, order.pairs) == ({}, 50)


def test_the_formats_have_known_names() -> None:
    """A timestamp column that a format names is found without the format, too: no order goes unseen."""
    named = [layout.time_column for layout in FORMATS.values() if isinstance(layout.time_column, str)]
    assert [name for name in named if not is_time_name(name)] == []


@pytest.mark.parametrize("name", ["index", "t", "day", "period"])
def test_a_name_that_may_be_that_of_a_counter(name: str) -> None:
    """A counter under such a name is not the time, wherever it stands; times under it are, from the first row on."""
    dates = [f"2024-01-{day:02} 09:30,{30 - day},42\n" for day in range(28, 8, -1)]
    for columns in (f"x,{name},close\n", f"{name},x,close\n"):
        rows = dates if columns[0] == "x" else [f"{row.split(',')[1]},{row.split(',')[0]},42\n" for row in dates]
        order = TimeOrder()
        SignalStream(Config(), [order]).feed((columns + "".join(rows)).encode())
        assert order.counts == {"backwards": 19}
    for time in ("2024-01-02T09:30:00Z", "1704187800", "1.7041878e+12"):
        stream = SignalStream(Config())
        stream.feed(f"{name},close\n{time},42\n".encode())
        assert (stream.rows, stream.header and stream.header.time) == (1, 0)
