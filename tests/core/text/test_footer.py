"""The end of an input: what is a footer, what is nothing, and what stays the error that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream
from stream_signal.core.findings import BLANK_LINE, COMMENT_LINE, EMPTY_LINE, FOOTER, MISSING_CLOSE
from support.streams import by_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = "time,close,volume\n"
ROWS = "".join(f"2024-01-{day:02},{day % 4}.5,1\n" for day in range(1, 29))
FOOTERS = ["(24 rows)\n", "Source: nobody\n", "Total,,24\n", '"Downloaded from us, today"\n', "# the end\n"]
# One line of each kind that is no plain row.
LINES = [
    *FOOTERS,
    ",,\n",
    "---,---,---\n",
    "\n",
    "2024-02-01,7,1\n",
    "2024-02-02,,1\n",
    "x,7,1\n",
    "2024-02-03,1e1,1\n",
    "time,close,volume\n",
]
ENGINES = [None, by_blocks(64), by_blocks(512)]


def counted(
    parts: Sequence[bytes], engine: dict[str, Any] | None = None, *, resumes: bool = False, **settings: Any
) -> Any:
    """Return the counts and the repairs of parts of an input, or the error; a stream may stop between two of them."""
    config = Config(window=2, **settings)
    stream, whole, at = SignalStream(config, **(engine or {})), b"".join(parts), 0
    try:
        for part in parts:
            stream.feed(part)
            at += len(part)
            if resumes:
                state = stream.state()
                stream = SignalStream.from_state(config, state, **(engine or {}))
                stream.feed(whole[state.offset : at])
        return stream.finish(), stream.repairs
    except DataError as error:
        return str(error)


@pytest.mark.parametrize("footer", FOOTERS)
@pytest.mark.parametrize("count", [1, 5, 6])
def test_a_footer(footer: str, count: int) -> None:
    """Up to five last lines without a time and a close are left out and counted; six are what they are in between."""
    plain = counted([(HEAD + ROWS).encode()])
    found = counted([(HEAD + ROWS + footer * count).encode()])
    if count <= 5 or footer.startswith("#"):
        assert found[0] == plain[0]
        assert found[1].counts == {FOOTER: count}
    elif not isinstance(found, str):
        assert found[1].counts == {FOOTER: 5, MISSING_CLOSE: 1}


@pytest.mark.parametrize(
    "line", ["Total,7,24\n", "2024-02\n", "x,y\n2024-02-01,7,1\n", "2024-02-01,7", "201", "Tot", "January,"]
)
def test_no_footer(line: str) -> None:
    """A close, a time, a row behind it, or what may be the beginning of a row: none of them is in a footer."""
    found = counted([(HEAD + ROWS + line).encode()])
    assert isinstance(found, str) or FOOTER not in found[1].counts


def test_without_a_time_column() -> None:
    """Only a line with another number of fields is a footer then."""
    assert counted([b"close,volume\n1,2\n3,4\n(2 rows)\n"])[1].counts == {FOOTER: 1}
    assert counted([b"close,volume\n1,2\n3,4\nn,m\n"]).startswith("line 4: expected a decimal number")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("footer", [*FOOTERS, "Total,,\n", ",,\n", "\n"])
def test_newest_first(footer: str, engine: dict[str, Any] | None) -> None:
    """Read from its end, an input begins with its footer, which is left out; more than five lines are not."""
    rows = "".join(reversed(ROWS.splitlines(keepends=True)))
    plain = counted([(HEAD + rows).encode()], engine, newest_first=True)
    text = (HEAD + footer + rows).encode()
    found = counted([text], engine, newest_first=True)
    assert found[0] == plain[0]
    assert list(found[1].counts) == [BLANK_LINE if footer in {",,\n", "\n"} else FOOTER]
    assert counted([text[at : at + 1] for at in range(len(text))], engine, newest_first=True) == found
    assert counted([text[:30], text[30:]], engine, newest_first=True, resumes=True) == found
    six = counted([(HEAD + "(24 rows)\n" * 6 + rows).encode()], engine, newest_first=True)
    assert six == "line 7: expected 3 fields, found 1"


@pytest.mark.parametrize("line", ["2024-02\n", "201\n", "January,\n", "2024-02-01,7\n"])
def test_newest_first_torn(line: str) -> None:
    """What may be the beginning of a row is not left out where an input is read from its end, either."""
    assert isinstance(counted([(HEAD + line + ROWS).encode()], newest_first=True), str)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("key", [None, "symbol"])
@pytest.mark.parametrize("head", ["symbol,time,close,volume\n", "symbol,close\n"])
def test_total_below_symbols(head: str, key: str | None, engine: dict[str, Any] | None) -> None:
    """A total without a close is no symbol, whatever it has in the column of the volume."""
    cells = "," * (head.count(",") - 1)
    rows = "".join(f"BTC,2024-01-{day:02},{day % 4}.5,1\n" for day in range(1, 29))
    if "time" not in head:
        rows = "".join(f"BTC,{day % 4}.5\n" for day in range(1, 29))
    for total in (f"Total{cells},\n", f"TOTAL{cells},{'28' if 'volume' in head else ''}\n"):
        found = counted([(head + rows + total).encode()], engine, key=key)
        assert found[0] == counted([(head + rows).encode()], engine, key=key)[0]
        assert found[1].counts == {FOOTER: 1}
        backwards = counted([(head + total + rows).encode()], engine, key=key, newest_first=True)
        assert backwards[0] == found[0]
        assert backwards[1].counts == {FOOTER: 1}


def test_lines_of_delimiters() -> None:
    """They are blank at the end, and skipped and counted on their own between rows, as lines that begin with # are."""
    found = counted([(HEAD + ",,\n# here\n" + ROWS + ",,\n" * 3000).encode()])
    assert found[0] == counted([(HEAD + ROWS).encode()])[0]
    assert found[1].counts == {EMPTY_LINE: 1, COMMENT_LINE: 1, BLANK_LINE: 3000}


def test_drawn_lines() -> None:
    """Lines of dashes, as databases and Markdown draw them below the names and around a table, are no rows."""
    rows = [line.split(",") for line in (HEAD + ROWS).splitlines()]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in rows[1:])
    head, rule = f"| {' | '.join(rows[0])} |\n", f"+{'---+' * len(rows[0])}\n"
    wanted = counted([(HEAD + ROWS).encode()])[0]
    assert counted([(rule + head + rule + table + rule + "(24 rows)\n").encode()])[0] == wanted
    assert counted([(head + "|---:" * len(rows[0]) + "|\n" + table).encode()])[1].counts == {EMPTY_LINE: 1}
    assert counted([(HEAD + "----,----,---\n" + ROWS).encode()])[0] == wanted


def test_an_input_without_an_end() -> None:
    """Where an input does not end, no line is held back: it is the error that it is."""
    stream = SignalStream(Config(window=2))
    stream.begin_input(ends=False)
    with pytest.raises(DataError, match="expected 3 fields, found 1"):
        stream.feed((HEAD + ROWS + "(24 rows)\n").encode())


@pytest.mark.parametrize("bad_rows", ["error", "missing"])
@given(
    data=st.data(),
    lines=st.lists(st.sampled_from([*LINES, *["2024-02-04,3,1\n"] * 9]), max_size=40),
    newline=st.booleans(),
)
def test_one_answer(bad_rows: str, data: st.DataObject, lines: list[str], newline: bool) -> None:  # noqa: FBT001
    """Whatever stands in between and at the end, no cut, no engine and no resume changes the answer."""
    text = (HEAD + ROWS[:60] + "".join(lines)).encode()
    text = text if newline else text[:-1]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    expected = counted([text], bad_rows=bad_rows)
    assert counted([text[at : at + 1] for at in range(len(text))], bad_rows=bad_rows) == expected
    for engine in ENGINES:
        assert counted(parts, engine, bad_rows=bad_rows) == expected
        assert counted(parts, engine, bad_rows=bad_rows, resumes=True) == expected
