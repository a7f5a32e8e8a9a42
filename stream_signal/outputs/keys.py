"""The table of the keys: a line for each, with its rows, its signals and their rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import ConfigError
from stream_signal.core.line_format import JSONL
from stream_signal.core.printable import json_text
from stream_signal.outputs.metrics import further
from stream_signal.outputs.parts import Output
from stream_signal.outputs.tables import JSON, check_table, form_for, table_of, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stream_signal.outputs.parts import Job, Result

_OF_WINDOWS = ("signals", "value")


def wanted(job: Job) -> Iterator[Output]:
    """Yield the table."""
    yield KeysOutput(job)


class KeysOutput(Output):
    """The table of the keys, in the format that fits the ending of its path."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.order.every)
        self._path = str(job.order.keys_output)
        self._is_keyed = job.config.is_keyed

    def check(self) -> None:
        """Refuse a path that cannot be replaced, and a job without keys."""
        check_table(self._path)
        if not self._is_keyed:
            message = "key: expected one, since --keys-output writes a line for each key, found none"
            raise ConfigError(message).with_hint("name the column of the symbols, such as --key symbol")

    def write(self, result: Result, *, final: bool) -> None:  # noqa: ARG002 - the same either way
        """Replace the table."""
        write_table(self._path, table(result.metrics.by_key or {}, form_for(self._path)))


def table(by_key: Mapping[str, Mapping[str, Any]], form: str) -> bytes:
    r"""Write the table, in the order of the keys, with the signals and the rate of each further window at the end.

    >>> entry = {"rows": 4, "signals": 1, "value": 0.25}
    >>> table({"BTC": entry}, "csv"), table({"BTC": entry}, "jsonl")
    (b'key,rows,signals,value\nBTC,4,1,0.25\n', b'{"key": "BTC", "rows": 4, "signals": 1, "value": 0.25}\n')
    >>> print(table({"BTC": entry, "ETH": entry}, "json").decode(), end="")
    {
    "BTC": {"rows": 4, "signals": 1, "value": 0.25},
    "ETH": {"rows": 4, "signals": 1, "value": 0.25}
    }
    """
    if form == JSON:
        entries = ",\n".join(f"{json_text(key)}: {json_text(entry)}" for key, entry in by_key.items())
        return f"{{\n{entries}\n}}\n".encode()
    if form == JSONL:
        return "".join(json_text({"key": key, **entry}) + "\n" for key, entry in by_key.items()).encode()
    windows = next((further(entry.get("by_window")) for entry in by_key.values()), {})
    columns = ["key", "rows", "signals", "value", *(f"{name}_{window}" for window in windows for name in _OF_WINDOWS)]
    lines = []
    for key, entry in by_key.items():
        of_windows = [one[name] for one in further(entry.get("by_window")).values() for name in _OF_WINDOWS]
        lines.append([key, entry["rows"], entry["signals"], entry["value"], *of_windows])
    return table_of(columns, lines, form)
