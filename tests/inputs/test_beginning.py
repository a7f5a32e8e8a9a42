"""When a file begins, by its first bytes, and whether its rows can be read."""

from __future__ import annotations

from typing import Any

import pytest

from stream_signal import Config
from stream_signal.inputs.beginning import Beginning, beginning_of

MINUTE_NS = 60 * 10**9
UNREAD = Beginning(True, None, fits=False)


@pytest.mark.parametrize(
    ("data", "settings", "wanted"),
    [
        (b"", {}, Beginning(False, None, fits=False)),
        (b"time,close\n", {}, Beginning(False, None, fits=False)),
        (b"time,close\n60,4", {}, Beginning(False, None, fits=False)),
        (b"# BTC\r\ntime,close\r\n\r\n60,4\r\n120,5\r\n", {}, Beginning(True, MINUTE_NS, fits=True)),
        (b"time,close\n?,4\n,4\n120,5\n", {}, Beginning(True, 2 * MINUTE_NS, fits=True)),
        (b"close\n4\n", {}, Beginning(True, None, fits=True)),
        (b"close,at\n4,60\n", {"time_column": "at"}, Beginning(True, MINUTE_NS, fits=True)),
        (b"close,at\n4,60\n", {"time_column": "no"}, UNREAD),
        (b"60,4\n", {"header": False, "column": 2, "time_column": 1}, Beginning(True, MINUTE_NS, fits=True)),
        (b"date,time,close\n1970-01-01,00:01,4\n", {}, Beginning(True, MINUTE_NS, fits=True)),
        (b"time,close\n01/02/1970,4\n", {}, Beginning(True, None, fits=True)),
        (b"time,close\n60,x\n120,4\n", {}, UNREAD),
        (b"time,close\n60,x\n120,4\n", {"bad_rows": "missing"}, Beginning(True, MINUTE_NS, fits=True)),
        (b"time,close\n60\n120,x\n", {"bad_rows": "missing"}, UNREAD._replace(time_ns=2 * MINUTE_NS)),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", {}, Beginning(False, None, fits=False)),
        (b"\x1f\x8b\x08\x00\x00\n\x00\x00", {}, UNREAD),
    ],
)
def test_beginnings(data: bytes, settings: dict[str, Any], wanted: Beginning) -> None:
    """The first timestamp is that of the first row that has one with one meaning; what cannot be read may be a row."""
    assert beginning_of(data, Config(**settings), None) == wanted
