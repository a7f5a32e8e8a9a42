"""The row reader: records that are torn, and the header of a later part."""

from __future__ import annotations

import pytest

from stream_signal import Config, DataError, SignalStream
from support.candle_csv import candle_csv, row


def test_a_torn_record() -> None:
    """A record of several lines that has no end is told of where it begins."""
    stream = SignalStream()
    stream.feed(b'close,x\n1,2\n1,"a\nb\nc')
    stream.drop_input()
    assert stream.repairs.in_words() == {"unfinished_lines": ["line 3"]}


def test_part_with_another_header() -> None:
    """Law 6: a later file with other columns is refused, even where bad rows are taken as missing."""
    stream = SignalStream(Config(bad_rows="missing"))
    stream.feed(candle_csv(["1", "2"]))
    stream.end_input()
    stream.feed(b"timestamp,close,open,high,low,volume\n" + row(0, "1").encode())
    with pytest.raises(DataError, match=r"^line 1: expected the header of the first input \('timestamp,open"):
        stream.end_input()
