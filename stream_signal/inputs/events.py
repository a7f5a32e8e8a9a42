"""Events: an input of any kind, as a sequence of what happens to it.

    (IDLE* Begin (bytes | Batch | Counted | IDLE)* End)+

A file is one Begin, its bytes and one End; several files follow each other; a followed file begins again after each
rotation. The job needs to know nothing else about where the bytes come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Protocol

    from stream_signal.core.rows import Batch
    from stream_signal.core.state import Stretch

    # Returns for how many seconds to wait for bytes; None waits for ever.
    Patience = Callable[[], float] | None

# A page of a disk: about 70 rows, with timestamps that no other file has at the same offset.
EDGE_BYTES = 4096
# No bytes have arrived within the timeout.
IDLE = b""
# Why another file replaces a followed one.
RENAMED = "another file has its name now"
TRUNCATED = "the file was truncated"


class Begin(NamedTuple):
    """An input begins, or continues where a checkpoint ends."""

    name: str
    """its path, or `-`"""
    size: int = 0
    """expected bytes; 0 if unknown"""
    line_of: Callable[[int], int] | None = None
    """the line number in the file of the line that is fed as number n; None: the same"""


class Counted(NamedTuple):
    """The next bytes, which have been counted elsewhere."""

    stretch: Stretch
    tail: bytes
    """the last of them: EDGE_BYTES, if there are as many"""


class End(NamedTuple):
    """An input has ended."""

    torn: bool = False
    """whether its last line may be unfinished"""
    rotated: str | None = None
    """why another file replaces it; None if it was read to its end"""


if TYPE_CHECKING:
    Event = Begin | bytes | Batch | Counted | End

    # A Protocol takes 0.3 ms to make, and nothing asks for this one at run time

    class Source(Protocol):
        """What a job reads."""

        names: tuple[str, ...]
        """of its inputs, in order"""
        endless: bool
        """whether a stop signal is its normal end"""

        def events(self, first: int, offset: int, patience: Patience) -> Generator[Event]:
            """Yield the events from `offset` of input number `first` on.

            If no bytes arrive for the seconds that `patience` returns, IDLE is yielded, so that the caller can do
            something else. Raises InputError if an input cannot be read.
            """
