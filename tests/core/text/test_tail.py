"""Tail: the last rows of an input, as far as they are known for certain."""

from __future__ import annotations

import pytest

from stream_signal.core.layout.layout import Layout
from stream_signal.core.text.lines import TAIL_BYTES, Tail

HEADER = Layout(b"time,close", ("time", "close"), ",", 1, 2)


@pytest.mark.parametrize(
    ("data", "times"),
    [
        (b"time,close\n60,1\r\n120,2\n", [b"60", b"120"]),
        (b"60,1\n120,2\ntime,close\n\n17,1,1\n", [b"60", b"120"]),
        (b'60,1\n"120","2"\n', [b"60", b"120"]),
        (b'60,1\n120,"2\n3"\n180,4\n', [b"180"]),
        (b"60," + b"1" * TAIL_BYTES + b"\n120,2", [b"120"]),
    ],
)
def test_the_last_rows(data: bytes, times: list[bytes]) -> None:
    """Of whole rows in the last bytes, those behind the last one that may span lines; the same ones for any cut."""
    for size in (1, 7, len(data)):
        tail = Tail()
        for at in range(0, len(data), size):
            tail.feed(data[at : at + size])
        assert tail.rows(HEADER, torn=False).texts(0) == times
        assert tail.rows(HEADER, torn=True).texts(0) == times[: None if data.endswith(b"\n") else -1]
