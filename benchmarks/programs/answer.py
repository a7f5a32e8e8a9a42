"""How a program with several libraries answers: `PROGRAM LIBRARY PATH [SIGNALS MEANS]`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def answer(libraries: Mapping[str, Callable[..., Any]]) -> None:
    """Print rows and signals; SIGNALS gets one character a row, 0 or 1, in the order of the file, and MEANS a line."""
    library, path, *rest = sys.argv[1:]
    found = libraries[library](path, shows=bool(rest))
    if not rest:
        print(*found)
        return
    signals, means = found
    print(len(signals), signals.sum())
    with open(rest[0], "wb") as file:
        file.write((signals + ord("0")).astype("u1").tobytes())
    with open(rest[1], "w", encoding="ascii") as lines:
        lines.writelines(f"{mean!r}\n" for mean in means.tolist())
