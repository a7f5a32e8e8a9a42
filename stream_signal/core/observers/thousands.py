"""Thousands: the observer that looks at the first closes for points that may stand between thousands.

Where 998 is followed by 1.000, the price has risen by two points, or to a thousandth. The text alone does not tell: the
closes of such a series have no point below a thousand, and three digits behind it from there on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.observe import Observer
from stream_signal.core.ticks import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.rows import Rows, Seen
    from stream_signal.core.seam import OfWindow

_FIRST_ROWS = 1000
# A price on one side of the thousand, and on the other; further apart, no price of a series is from its neighbour.
_LEAST, _MOST = 500, 2000


class Thousands(Observer):
    r"""Keeps the first two closes that follow each other across a thousand, if all so far are written like these.

    >>> from stream_signal import Config, SignalStream
    >>> thousands = Thousands()
    >>> SignalStream(Config(window=2), [thousands]).feed(b"close\n995\n998\n1.000\n1.005\n")
    >>> thousands.crossing
    ('998', '1.000')
    """

    name = "thousands"
    sees_windows = False

    def __init__(self, rows: int = _FIRST_ROWS) -> None:
        self.wants = rows
        self.crossing: tuple[str, str] | None = None
        self._position = 0
        self._before = ""

    def begin(self, header: Layout) -> None:
        """Receive where the close is."""
        self._position = header.position

    def see(self, rows: Rows, seen: Seen) -> None:  # noqa: ARG002 - the texts tell
        """Look at the closes of rows, as they are written, until one has another form."""
        wanted = min(self.wants or 0, len(rows))
        self.wants = (self.wants or 0) - wanted
        for text in rows.texts_at(self._position, range(wanted)):
            close = text.strip(b" ").decode("latin-1")
            if close.lower().encode("latin-1") in MISSING:
                continue
            whole, point, part = close.partition(".")
            is_like_these = len(whole) <= 3 and len(part) == 3 * len(point) and (whole + part).isdigit()
            if not (is_like_these and whole and close.isascii()):
                self.wants, self.crossing = 0, None
                return
            if self.crossing is None and self._before and point != self._before.partition(".")[1]:
                values = [int(one.replace(".", "")) for one in (self._before, close)]
                if _LEAST <= min(values) < 1000 <= max(values) < _MOST:
                    self.crossing = self._before, close
            self._before = close

    def part(self) -> Thousands | None:
        """Return one that looks at nothing, once the first rows are behind it; until then, it has to see them here."""
        return None if self.wants else Thousands(0)

    def join(self, part: Any, rows: int, seam: Sequence[OfWindow]) -> None:
        """Add nothing."""

    def snapshot(self) -> list[Any]:
        """Return what `restore` needs."""
        return [self.wants, self._before, self.crossing and list(self.crossing)]

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError if it is not one."""
        match saved:
            case [int(wants), str(before), None | [str(), str()] as crossing] if 0 <= wants <= _FIRST_ROWS:
                self.wants, self._before = wants, before
                self.crossing = (crossing[0], crossing[1]) if crossing else None
            case _:
                raise ValueError("expected the first closes")
