"""TruncationWarning: says that a followed file was truncated in place: rows may have been lost with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.urls import shown_path
from stream_signal.inputs.events import TRUNCATED
from stream_signal.outputs.sink import Sink
from stream_signal.outputs.stderr import say

if TYPE_CHECKING:
    from stream_signal.job.log import Log


class TruncationWarning(Sink):
    """Warns in the log, and on stderr unless `quiet`: what was written right before the truncation cannot be read."""

    def __init__(self, log: Log, *, quiet: bool) -> None:
        self._log = log
        self._quiet = quiet
        self._name = ""

    def begin(self, name: str) -> None:
        """Remember which file is read."""
        self._name = name

    def end(self, rotated: str | None) -> None:
        """Warn if the file was truncated."""
        if rotated != TRUNCATED:
            return
        self._log.warning("truncated", input=self._name)
        if not self._quiet:
            say(
                f"{shown_path(self._name)} was truncated: rows that were written just before that may be lost; "
                "rotate by renaming the file instead"
            )
