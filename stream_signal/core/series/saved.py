"""Saved: the series of a stream between two rows, as a checkpoint keeps them."""

from __future__ import annotations

from typing import NamedTuple


class SeriesState(NamedTuple):
    """A series between two rows, as a checkpoint keeps it."""

    rows: int
    signals: int
    full: int | None
    """rows that end a full window; None if a checkpoint of an older version did not count them"""
    ring: list[int]
    """the closes in the window, oldest first, times 10**places"""
    places: int


class PanelState(NamedTuple):
    """A panel between two rows."""

    rows: int
    """of all series, and those of none"""
    full: list[int | None]
    """for each window, rows with a mean that no series counts: those of a checkpoint of an older version"""
    series: dict[bytes, list[SeriesState]]
    """of each key, for each window, in the order in which they first came"""
