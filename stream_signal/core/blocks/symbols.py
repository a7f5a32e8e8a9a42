r"""Whether all lines of a block have one symbol: the block twin of `OneSymbol`.

The column is not cut out. The first line says where it stands and how it is written, and the bytes there are compared
in all lines at once, in words of eight bytes. The lines that differ have the next turn, a few times; the rest is cut
out.

    time,symbol,close       17,BTC,4.58\n       ",BTC," is 2 bytes from the start of the line, after no delimiter
                            18,BTC,4.59\n
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_signal.core.blocks.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from stream_signal.core.blocks.decoder import Block
    from stream_signal.core.header import Header

    Integers = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Flags = NDArray[np.bool_]

# The widths of a column before it, or of the spaces beside it, take few values; for others, cutting out is as fast.
TURNS = 6
# So many bytes of a line have their delimiters in one word.
_WINDOW = 64


def all_have(
    values: Mapping[int, bytes | None],
    chunk: bytes,
    header: Header,
    block: Block,
    windows_at: Callable[[Integers], Words],
) -> bool:
    """Whether the lines of a block, but for the odd ones, all have the symbols that are known, by their positions.

    `windows_at` returns the delimiters of the 64 bytes from each offset on, a bit for each.
    """
    starts, ends = block.starts, block.ends
    if block.odd.size:
        starts, ends = np.delete(starts, block.odd), np.delete(ends, block.odd)
    return all(
        value is not None and _all_have(chunk, header, position, value, starts, ends, windows_at)
        for position, value in values.items()
    )


def _all_have(  # noqa: PLR0913, PLR0917 - a column of a block
    chunk: bytes,
    header: Header,
    position: int,
    value: bytes,
    starts: Integers,
    ends: Integers,
    windows_at: Callable[[Integers], Words],
) -> bool:
    delimiter, is_last = header.delimiter.encode(), position == header.width - 1
    for _ in range(TURNS):
        if not starts.size:
            return True
        line = chunk[starts[0] : ends[0] + 1]
        fields = line.split(delimiter)
        written = fields[position]
        text = written.removesuffix(b"\n").removesuffix(b"\r") if is_last else written
        if text.strip(b" ") not in {value, b""}:
            return False
        offset = len(delimiter.join(fields[:position]))
        wanted = delimiter * (position > 0) + written + delimiter * (not is_last)
        if offset >= _WINDOW and position and not is_last:
            break
        places = ends + (1 - len(wanted)) if is_last and position else starts + offset
        short = ends - starts < len(wanted) + (-1 if is_last else offset)
        places[short] = places[0]  # which has the text, so that all reads are within the lines
        differ = _differ(chunk, places, wanted)
        differ |= short
        if position and not is_last:
            before = windows_at(starts) & np.uint64((1 << offset) - 1)
            differ |= np.bitwise_count(before) != position - 1
        starts, ends = starts[differ], ends[differ]
    texts = Columns(chunk, header, starts, ends).texts(position) if starts.size else []
    return {text.strip(b" ") for text in texts} <= {value, b""}


def _differ(chunk: bytes, places: Integers, wanted: bytes) -> Flags:
    """Return at which places the bytes are others than `wanted`; 16 bytes follow the last of them."""
    words: Words = np.ndarray((len(chunk) - 7,), "<u8", chunk, strides=(1,))
    differ = np.zeros(places.size, np.bool_)
    for at in range(0, len(wanted), 8):
        part = wanted[at : at + 8]
        found = words[places + at]
        if len(part) < 8:
            found &= np.uint64((1 << 8 * len(part)) - 1)
        differ |= found != np.uint64(int.from_bytes(part, "little"))
    return differ
