"""LineFormat: how a row is written as a signal line, in CSV or in JSON Lines.

    row,time,close,mean,signal          {"row": 1, "time": "1700000000", "close": "42004.66", "mean": null, "signal": 0}
    1,1700000000,42004.66,,0

`time` and `close` are the texts of the input without surrounding spaces; `mean` is the exact mean as the nearest
float64, in the fewest digits that read back as it. A missing or bad close is empty, and so is a missing timestamp; a
missing mean is empty in CSV and null in JSON. In a stream with keys, the key of the row follows its number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.printable import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CSV, JSONL, PARQUET = "csv", "jsonl", "parquet"
_FIELD = re.compile(b"%[bd]")
# Characters that are written as they are in every format; a space is not one of them, because it may have to go.
PLAIN = bytes(code for code in range(33, 127) if chr(code) not in '",\\')
# A mean beyond the floats, of closes of hundreds of digits; every reader, also one of JSON, reads it as infinity.
BEYOND = "1e999"


class LineFormat(NamedTuple):
    r"""A format of signal lines.

    >>> CSV_LINES.line(7, [b"1700000000", b"42.5"], [("42.25", True)])
    b'7,1700000000,42.5,42.25,1\n'
    >>> with_key(CSV_LINES).line(7, [b"BTC", b"1700000000", b"42.5"], [("42.25", True)])
    b'7,BTC,1700000000,42.5,42.25,1\n'
    """

    name: str
    header: bytes
    """the line above the first one"""
    template: bytes
    """of a line; its fields are the row, the cells of time and close, the text of the mean, and the signal"""
    no_mean: bytes
    """what is written for a missing mean"""
    quotes_all: bool
    """whether every text is quoted, as in JSON"""

    def line(self, number: int, texts: Sequence[bytes], windows: Iterable[tuple[str, bool]]) -> bytes:
        """Write one row: `texts` are the key, if there are keys, the time and the close.

        `windows` are the mean and the signal of each window; a mean is empty if it is missing.
        """
        fields: list[bytes | int] = [number]
        fields += map(self.cell, texts) if b"".join(texts).translate(None, PLAIN) else texts
        for mean, above in windows:
            fields += (mean.encode() or self.no_mean, above)
        return self.template % tuple(fields)

    @property
    def between(self) -> tuple[bytes, ...]:
        """The bytes before the first field, between two fields and after the last one."""
        return tuple(_FIELD.split(self.template))

    def cell(self, text: bytes) -> bytes:
        """Quote a text as the format requires."""
        text = text.strip(b" ")
        if self.quotes_all:
            return json_text(text.decode("utf-8", "replace"))[1:-1].encode()
        if b"," in text or b'"' in text or b"\n" in text or b"\r" in text:
            return b'"' + text.replace(b'"', b'""') + b'"'
        return text


CSV_LINES = LineFormat(CSV, b"row,time,close,mean,signal\n", b"%d,%b,%b,%b,%d\n", b"", quotes_all=False)
JSON_LINES = LineFormat(
    JSONL, b"", b'{"row": %d, "time": "%b", "close": "%b", "mean": %b, "signal": %d}\n', b"null", quotes_all=True
)
FORMATS = {line_format.name: line_format for line_format in (CSV_LINES, JSON_LINES)}


def with_key(line_format: LineFormat) -> LineFormat:
    """Return the format with the key behind the row."""
    header = line_format.header.replace(b"row,", b"row,key,", 1)
    mark, put = (b'%d, "', b'%d, "key": "%b", "') if line_format.quotes_all else (b"%d,", b"%d,%b,")
    return line_format._replace(header=header, template=line_format.template.replace(mark, put, 1))


def with_windows(line_format: LineFormat, windows: Sequence[int]) -> LineFormat:
    r"""Return the format with the mean and the signal of further windows at the end.

    >>> with_windows(CSV_LINES, [20]).header
    b'row,time,close,mean,signal,mean_20,signal_20\n'
    """
    header, template = line_format.header, line_format.template
    for window in windows:
        if line_format.quotes_all:
            template = template.replace(b"}\n", b', "mean_%d": %%b, "signal_%d": %%d}\n' % (window, window))
        else:
            header = header.replace(b"\n", b",mean_%d,signal_%d\n" % (window, window))
            template = template.replace(b"\n", b",%b,%d\n")
    return line_format._replace(header=header, template=template)


def format_for(path: str) -> str:
    """Return the name of the format that fits the ending of a path.

    >>> [format_for(path) for path in ("s.csv", "s.ndjson", "s.parquet", "-")]
    ['csv', 'jsonl', 'parquet', 'csv']
    """
    if path.endswith(".parquet"):
        return PARQUET
    return JSONL if path.endswith((".jsonl", ".ndjson")) else CSV


def mean_text(total: int, divisor: int) -> str:
    """Write `total / divisor` as the shortest text of the nearest float64.

    >>> mean_text(9, 2), mean_text(-(10**400), 1)
    ('4.5', '-1e999')
    """
    try:
        return repr(total / divisor)
    except OverflowError:
        return BEYOND if total > 0 else f"-{BEYOND}"
