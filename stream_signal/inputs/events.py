"""Events: an input of any kind, as a sequence of what happens to it.

    (Begin (bytes | IDLE)* End)+

A file is one Begin, its bytes and one End; several files follow each other; a followed file begins anew where it was
rotated. Whoever drives the job needs to know no more about where the bytes come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Nothing has come for as long as the reader was willing to wait.
IDLE = b""


class Begin(NamedTuple):
    """An input begins, or goes on where a checkpoint left it."""

    name: str
    """its path, or `-`"""
    size: int = 0
    """bytes that are expected; 0 where nobody knows"""


class End(NamedTuple):
    """An input has ended."""

    torn: bool = False
    """whether its last line may not be whole"""
    rotated: str | None = None
    """why another file goes on in its place, in words; None where it was read to its end"""


Event = Begin | bytes | End


class Source(Protocol):
    """What a job reads."""

    names: tuple[str, ...]
    """of its inputs, in their order"""
    endless: bool
    """whether it ends only when somebody stops it, and then between two rows"""

    def events(self, first: int, offset: int, patience: Callable[[], float] | None) -> Iterator[Event]:
        """Yield what happens from input number `first` on, that one from `offset` on.

        Where nothing comes for the seconds that `patience` returns, IDLE is yielded, so that the caller can do
        something else. Raises InputError where an input cannot be read.
        """
