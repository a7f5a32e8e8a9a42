"""A folder in the place of a file: which command reads the files in it."""

from __future__ import annotations

import os
from collections import Counter
from shlex import quote

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
    found = Counter(
        max(fitting, key=len) for name in names if (fitting := [end for end in _ENDINGS if name.endswith(end)])
    )
    ending = found.most_common(1)[0][0] if found else ".csv"
    path = quote(folder.rstrip("/") or "/")
    if path.startswith("-"):
        path = f"./{path}"
    return f"name its files, in order of time: stream-signal {path.rstrip('/')}/*{ending}"
