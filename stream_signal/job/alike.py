"""Alike: several inputs whose names say that each has a symbol of its own, counted as one series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import shown
from stream_signal.core.printable import typed
from stream_signal.outputs.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_signal.core.stream import SignalStream
    from stream_signal.job.doubts import Doubts

SYMBOLS = "symbols"


class Alike(Sink):
    """Adds to `doubts` about `stream` at its end, if `names`, or those that begin, differ only in a symbol.

    A column of symbols, in which a second one is refused, tells more than names do.
    """

    def __init__(self, stream: SignalStream, names: Iterable[str], doubts: Doubts) -> None:
        self._stream = stream
        self._doubts = doubts
        self._names = dict.fromkeys(names)

    def begin(self, name: str) -> None:
        """Remember the name, perhaps of a member of an archive."""
        self._names[name] = None

    def finish(self) -> None:
        """Add the doubt."""
        if self._stream.symbols or len(self._names) < 2:
            return
        from stream_signal.core.names import look_alike

        found = look_alike(self._names)
        if found:
            one, other, pattern = found
            what = f"{shown(one)} and {shown(other)} seem to have two symbols, and are counted as one series"
            how = f"--key @file --key-pattern {typed(pattern)} for one mean each, --key none if one is meant"
            self._doubts.add(SYMBOLS, f"{what}; {how}")
