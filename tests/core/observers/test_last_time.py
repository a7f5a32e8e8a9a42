"""TimeOrder: whether every timestamp was later than the one before, so that rows are told apart, in both engines."""

from __future__ import annotations

import pytest

from stream_signal import Config, SignalStream
from stream_signal.core.observers.time_order import TimeOrder
from support.streams import BY_ROWS, by_blocks

CASES = [
    (["60", "120", "180"], "180", True),
    (["9", "10", "100"], "100", True),
    (["60", "120", "120"], "120", False),
    (["60", "180", "120", "240"], "240", False),
    (["60", "", "120"], "120", False),
    (["60", "120", ""], "120", False),
    (["2024-01-01", "2024-01-02"], "2024-01-02", True),
    (["2024-01-01", "60"], "60", False),
    (["noon"], "noon", False),
    (["07", "8"], "8", True),
    (["1704067200", "1704067260000"], "1704067260000", True),
    (["1704067200", "1704067200000"], "1704067200000", False),
    (["1704067200.0000000001", "1704067200.0000000002"], "1704067200.0000000002", False),
    (["20240109", "20240110"], "20240110", True),
    (["2024-01-01T00:30+01:00", "2024-01-01T00:40+01:00"], "2024-01-01T00:40+01:00", True),
    (["2024-01-01T00:30+01:00", "2024-01-01T00:40+02:00"], "2024-01-01T00:40+02:00", False),
    (["2024-01-01 00:30", "2024-01-01T00:40"], "2024-01-01T00:40", True),
    (["01/02/2024", "02/02/2024"], "02/02/2024", False),
    (["11:30 AM", "12:30 PM"], "12:30 PM", True),
    (["11:30 AM", "12:30 AM"], "12:30 AM", False),
    (["2024-01-01 11:30 AM", "2024-01-01 12:30 PM"], "2024-01-01 12:30 PM", True),
]


@pytest.mark.parametrize("repeat", [0, 2000], ids=["short", "after many"])
@pytest.mark.parametrize(("times", "last", "in_order"), CASES)
def test_in_order(times: list[str], last: str, in_order: bool, repeat: int) -> None:  # noqa: FBT001
    """Both engines, resumed between any two rows, know the same last timestamp and the same order."""
    before = [str(number) for number in range(1, repeat)] if times[0].isdigit() else []
    moved = [str(int(time) + repeat) if time.isdigit() and int(time) < 2000 else time for time in times]
    data = "time,close\n" + "".join(f"{time},1.5\n" for time in before + moved)
    wanted = moved[times.index(last)].encode(), in_order
    for engine in (BY_ROWS, by_blocks(512 * 1024), by_blocks(40)):
        observer = TimeOrder()
        stream = SignalStream(Config(), [observer], **engine)
        stream.feed(data.encode())
        assert (observer.last, observer.tells_rows_apart) == wanted
    for cut in range(len("time,close\n"), min(len(data), 80)):
        first = SignalStream(Config(), [TimeOrder()])
        first.feed(data[:cut].encode())
        observer = TimeOrder()
        second = SignalStream.from_state(Config(), first.state(), [observer])
        second.feed(data[first.state().offset :].encode())
        assert (observer.last, observer.tells_rows_apart) == wanted


def test_without_a_column() -> None:
    """Without a timestamp column, or with another one than before, nothing is known."""
    observer = TimeOrder()
    SignalStream(Config(), [observer]).feed(b"when,close\n60,1.5\n")
    assert (observer.last, observer.tells_rows_apart) == (b"", False)
    other = TimeOrder("when")
    other.restore({"last": "60", "column": None, "in_order": True})
    assert (other.last, other.tells_rows_apart) == (b"", False)
    other = TimeOrder()
    other.restore({"last": "60", "column": None, "in_order": True})  # as older versions saved it
    assert (other.last, other.tells_rows_apart) == (b"60", True)
    for damaged in (
        None,
        {},
        {"last": 5, "column": None, "in_order": True},
        {"last": "", "column": None, "in_order": 1},
    ):
        with pytest.raises(ValueError, match="expected"):
            other.restore(damaged)
