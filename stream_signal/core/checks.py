"""Checks of what a checkpoint says, which may be damaged or made up: ValueError for what cannot be."""

from __future__ import annotations

from stream_signal.core.limits import MAX_COUNT


def natural(found: object, most: int = MAX_COUNT) -> int:
    """Return a count or an offset."""
    return integer(found, 0, most)


def integer(found: object, least: int, most: int) -> int:
    """Return an integer within bounds.

    >>> integer(-7, -10, 10)
    -7
    """
    if type(found) is not int or not least <= found <= most:
        raise ValueError(f"expected an integer from {least} to {most}")
    return found
