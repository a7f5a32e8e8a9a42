"""The table of the keys: a line for each, with its rows, its signals and their rate, in CSV or in JSON Lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stream_signal.core.line_format import CSV, CSV_LINES, format_for
from stream_signal.outputs.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_signal.core.stream import Counts


def write_keys(by_key: Mapping[str, Counts], path: str) -> None:
    """Replace the file at `path`, of the format that fits its ending; OutputError if that fails."""
    replace_file(path, table(by_key, format_for(path)))


def table(by_key: Mapping[str, Counts], form: str) -> bytes:
    r"""Write the table, in the order of the keys.

    >>> from stream_signal import Counts
    >>> table({"BTC": Counts(4, 1, 0.25)}, "csv"), table({"BTC": Counts(4, 1, 0.25)}, "jsonl")
    (b'key,rows,signals,value\nBTC,4,1,0.25\n', b'{"key": "BTC", "rows": 4, "signals": 1, "value": 0.25}\n')
    """
    if form == CSV:
        lines = [
            b"%b,%d,%d,%b\n" % (CSV_LINES.cell(key.encode()), counts.rows, counts.signals, repr(counts.value).encode())
            for key, counts in by_key.items()
        ]
        return b"key,rows,signals,value\n" + b"".join(lines)
    return "".join(json.dumps({"key": key, **counts._asdict()}) + "\n" for key, counts in by_key.items()).encode()
