"""The rates of days, weeks or months: a line for each, and for each key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.observers.rates import DAY, Rates
from stream_signal.outputs.parts import Output
from stream_signal.outputs.tables import check_table, form_for, table_of, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.outputs.parts import Job, Result


def wanted(job: Job) -> Iterator[Output]:
    """Yield the table."""
    yield RatesOutput(job)


class RatesOutput(Output):
    """The table, in the format that fits the ending of its path."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.order.every)
        self._path = str(job.order.rates)
        self._by = job.order.by or DAY
        self._rates = Rates(self._by, job.config.time_column)
        self._further = job.config.windows
        self._is_keyed = job.config.is_keyed
        self.observers = [self._rates]

    def check(self) -> None:
        """Refuse a path that cannot be written."""
        check_table(self._path)

    def write(self, result: Result, *, final: bool) -> None:  # noqa: ARG002 - the same either way
        """Replace the table."""
        further = [f"{name}_{window}" for window in self._further for name in ("signals", "value")]
        columns = [self._by, *["key"] * self._is_keyed, "rows", "signals", "value", *further]
        lines = []
        for key, period, (rows, *signals) in self._rates.counted():
            name = [None if key is None else key.decode("utf-8", "replace")] * self._is_keyed
            rates = [number for count in signals for number in (count, count / rows)]
            lines.append([period, *name, rows, *rates])
        write_table(self._path, table_of(columns, lines, form_for(self._path)))
