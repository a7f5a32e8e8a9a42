"""A folder in the place of a file: the command that reads the files in it, for a hint."""

from __future__ import annotations

import os

from stream_signal.core.printable import typed_path

# What the names of candle files end with; the shell puts such names in order.
_ENDINGS = (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst", ".zip", ".gz", ".txt", ".tsv", ".csv.zip")


def listing(folder: str) -> str:
    """Return the hint for a folder: the command with a pattern for the files that most of its names are.

    >>> listing("no folder")
    "name its files, in order of time: stream-signal 'no folder'/*.csv"
    """
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    found = [max((end for end in _ENDINGS if name.endswith(end)), key=len, default="") for name in names]
    ending = max(_ENDINGS, key=found.count)
    path = folder.rstrip("/") and typed_path(folder.rstrip("/"))
    return f"name its files, in order of time: stream-signal {path}/*{ending}"
