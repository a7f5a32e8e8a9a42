"""Checks of what a checkpoint says, which may be damaged or made up."""

from __future__ import annotations

from stream_signal.core.limits import MAX_COUNT


def integer(found: object, least: int = 0, most: int = MAX_COUNT) -> int:
    """Return a count or an offset, or another integer within bounds; raise ValueError if it is none.

    >>> integer(7), integer(-7, least=-10)
    (7, -7)
    """
    if type(found) is not int or not least <= found <= most:
        raise ValueError(f"expected an integer from {least} to {most}")
    return found
