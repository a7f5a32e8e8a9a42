"""Files of many keys, made up: mostly plain rows, with now and then anything else among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from stream_signal.core.blocks.columns import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KEYS = ["BTC", "ETH", "BTC-PERP", "Ωmega", "1", "A" * 8, "A" * 9, "B" * LONGEST, "B" * (LONGEST + 1)]
BAD_KEYS = ["", "  ", "\udcff", "BTC\0"]
CLOSES = ["4.58", "4.59", "4.6", "5", "0", "-1.25", "1e3", "12345678901234567890.5", "0." + "0" * 19 + "1"]
MISSING = ["", "NaN", " "]
BAD_CLOSES = ["abc", "--1"]
OTHER_LINES = ["", "time,symbol,close", "1,2", "1,2,3,4", '"17","BTC","4.58"', '17,"BTC,4.58']


class KeyedFile(NamedTuple):
    """A file of candles with keys, and how it is read."""

    data: bytes
    config: dict[str, Any]


def market(rows: Iterable[tuple[str, str]], time: Callable[[int], object] = lambda at: 60 * at) -> bytes:
    """Make a file of rows with a symbol and a close each; `time` gives the time of a row by its number from 0."""
    lines = (f"{time(at)},{symbol},{close}\n" for at, (symbol, close) in enumerate(rows))
    return ("time,symbol,close\n" + "".join(lines)).encode()


@st.composite
def keyed_files(draw: st.DrawFn) -> KeyedFile:
    """Make up a file: mostly plain rows of some keys, with now and then anything else among them."""
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=5, unique=True))
    grouped, last, crlf = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    plain = st.tuples(st.sampled_from(keys), st.sampled_from(CLOSES[:6]), st.just(""))
    odd = st.tuples(
        st.sampled_from(keys + BAD_KEYS), st.sampled_from(CLOSES + MISSING + BAD_CLOSES), st.sampled_from(OTHER_LINES)
    )
    rows = draw(st.lists(st.one_of(plain, plain, plain, plain, odd), max_size=80))
    if grouped and draw(st.booleans()):
        rows.sort(key=lambda row: (keys + BAD_KEYS).index(row[0]))
    spaces = draw(st.sampled_from(["", "", " "]))
    lines = ["time,close,symbol" if last else "time,symbol,close"]
    for at, (key, close, other) in enumerate(rows):
        written = spaces * (at % 2) + key
        lines.append(other or (f"{at},{close},{written}" if last else f"{at},{written},{close}"))
    text = ("\r\n" if crlf else "\n").join([*lines, ""])
    config = {
        "window": draw(st.integers(1, 6)),
        "key": draw(st.sampled_from(["symbol", 3 if last else 2])),
        "bad_rows": draw(st.sampled_from(["missing", "missing", "error"])),
        "max_bad": 1,
        "grouped": grouped,
        "max_keys": draw(st.sampled_from([1, 3, 100])),
        "windows": draw(st.sampled_from([(), (), (7,), (20, 8)])),
    }
    return KeyedFile(text.encode(errors="surrogateescape"), config)
