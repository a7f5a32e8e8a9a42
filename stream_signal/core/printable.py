r"""Foreign text as a person sees it: a terminal obeys control characters, and a name in an archive may hold some.

File names, members of zip files, arguments, cells, names of columns and the values of a config are written by others.
None of them moves the cursor, names the window, or turns the order of a line: what is not printable is escaped, at the
place where words are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any


def printable(text: str) -> str:
    r"""Return a text with all that is not printable in it escaped: controls, marks of direction, lone surrogates.

    >>> print(printable("收盘 \x1b[31m \u202e"))
    收盘 \x1b[31m \u202e
    """
    return (
        text
        if text.isprintable()
        else "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    )


def json_text(value: object, **options: Any) -> str:
    r"""Write JSON with its texts as they are, but for what is not printable; the options are those of `json.dumps`.

    >>> print(json_text({"收盘": "\x1b \u202e"}))
    {"收盘": "\u001b \u202e"}
    """
    from json import dumps

    text = dumps(value, ensure_ascii=False, **options)
    lines = text.split("\n")  # those of the indent: within a text, a newline is escaped
    return "\n".join(
        line
        if line.isprintable()
        else "".join(character if character.isprintable() else dumps(character)[1:-1] for character in line)
        for line in lines
    )


def in_columns(lines: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Draw the cells of some lines one below the other; the columns `right`, from 0, end in line.

    >>> print(in_columns([("rows", "same"), ("10", "yes")], right={0}), end="")
    rows  same
      10  yes
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    drawn = []
    for cells in lines:
        placed = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        drawn.append("  ".join(placed).rstrip() + "\n")
    return "".join(drawn)
