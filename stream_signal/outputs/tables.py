"""Tables: a line for each key or period, in CSV, JSON, JSON Lines or Parquet, by the ending of the path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.line_format import CSV, CSV_LINES, PARQUET, format_for
from stream_signal.core.printable import json_text
from stream_signal.outputs.files import STDOUT, check_replaceable, replace_file, write_stdout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

JSON = "json"


def form_for(path: str) -> str:
    """Return the format that fits the ending of a path.

    >>> [form_for(path) for path in ("a.csv", "a.json", "a.ndjson", "a.parquet", "-")]
    ['csv', 'json', 'jsonl', 'parquet', 'csv']
    """
    return JSON if path.endswith(".json") else format_for(path)


def check_table(path: str) -> None:
    """Raise OutputError, before anything is read, if a table cannot be written there."""
    if path != STDOUT:
        check_replaceable(path)
    if form_for(path) == PARQUET:
        from stream_signal.outputs.parquet import check_parquet

        check_parquet(path)


def write_table(path: str, data: bytes) -> None:
    """Write a table to a file, which it replaces, or to stdout."""
    if path == STDOUT:
        write_stdout(data)
    else:
        replace_file(path, data)


def table_of(columns: Sequence[str], lines: Iterable[Sequence[Any]], form: str) -> bytes:
    r"""Return a table of lines that have a value for each column: a text, a number or None.

    >>> table_of(["day", "rows"], [["2024-01-01", 4]], "csv"), table_of(["day", "rows"], [["x", 4]], "jsonl")
    (b'day,rows\n2024-01-01,4\n', b'{"day": "x", "rows": 4}\n')
    """
    if form == CSV:
        texts = [columns, *([_cell(value) for value in line] for line in lines)]
        return "".join(f"{','.join(line)}\n" for line in texts).encode()
    if form == PARQUET:
        from stream_signal.outputs.parquet import parquet_of

        return parquet_of(columns, list(lines))
    objects = [json_text(dict(zip(columns, line, strict=True))) for line in lines]
    lines_of_json = ",\n".join(objects) if form == JSON else "".join(f"{one}\n" for one in objects)
    return (f"[\n{lines_of_json}\n]\n" if form == JSON else lines_of_json).encode()


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return CSV_LINES.cell(value.encode()).decode()
    return "" if value is None else repr(value)
