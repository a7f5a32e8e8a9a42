"""The block engine against plain Python: each line it decodes is exact, and each plain line is decoded."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stream_signal.core.blocks.decoder import (
    BLOCKS_WITHOUT_GUESS,
    MAX_CLOSE_BYTES,
    MAX_DIGITS,
    MAX_IRREGULAR_SHARE,
    PADDING,
    Block,
    BlockDecoder,
)
from stream_signal.core.config import Config
from stream_signal.core.layout.layout import Layout
from stream_signal.core.limits import MAX_LINE_BYTES
from stream_signal.core.series.grouping import grouping_of
from stream_signal.core.text.reader import TextReader

PLAIN = re.compile(rb"-?[0-9]+(\.[0-9]+)?")
FAR = 64  # a field before the close of this many bytes makes its line irregular
CAPACITY = 1 << 18


class Columns(NamedTuple):
    """What a decoder is told of a file."""

    delimiter: str
    column: int
    width: int


def oracle(line: bytes, layout: Columns) -> tuple[int, int] | None:
    """Return the close of a line as (ticks, places), in plain Python; None where it is not plain."""
    fields = line.removesuffix(b"\r").split(layout.delimiter.encode())
    if len(fields) != layout.width or not PLAIN.fullmatch(fields[layout.column]):
        return None
    whole, _, part = fields[layout.column].partition(b".")
    return int(whole + part), len(part)


def is_easy(line: bytes, layout: Columns) -> bool:
    """Return whether a plain line is one that must not be irregular."""
    fields = line.removesuffix(b"\r").split(layout.delimiter.encode())
    return len(fields[layout.column].removeprefix(b"-")) <= MAX_CLOSE_BYTES and all(
        len(field) < FAR for field in fields[: layout.column]
    )


def may_be_declined(data: bytes, layout: Columns) -> bool:
    """Return whether there is a reason to decline the block: a long line, many irregular ones, too many digits."""
    lines = data.split(b"\n")[:-1]
    if max(map(len, lines)) > MAX_LINE_BYTES:
        return True
    plain = [line for line in lines if oracle(line, layout)]
    if len(lines) - sum(is_easy(line, layout) for line in plain) > len(lines) * MAX_IRREGULAR_SHARE:
        return True
    closes = [line.removesuffix(b"\r").split(layout.delimiter.encode())[layout.column].lstrip(b"-") for line in plain]
    parts = [close.partition(b".") for close in closes]
    return max(len(whole) for whole, _, _ in parts) + max(len(part) for _, _, part in parts) > MAX_DIGITS


def decode(data: bytes, layout: Columns, start: int = PADDING, padding: random.Random | None = None) -> Block | None:
    noise = (padding or random.Random(1)).randbytes(start + len(data) + PADDING)
    if padding and padding.random() < 0.5:  # what would do harm if it were read
        harm = b'\n,;\t|0123456789.-"'
        noise = bytes(harm[byte % len(harm)] for byte in noise)
    buffer = bytearray(noise)
    buffer[start : start + len(data)] = data
    before = bytes(buffer)
    block = BlockDecoder(*layout, CAPACITY).decode(buffer, start, start + len(data))
    assert buffer == before
    return block


def check(data: bytes, layout: Columns, start: int = PADDING, padding: random.Random | None = None) -> Block | None:
    """Decode and compare with the oracle, line by line."""
    data = data.replace(b'"', b"'")  # the reader hands on no quote
    lines = data.split(b"\n")[:-1]
    answers = [oracle(line, layout) for line in lines]
    block = decode(data, layout, start, padding)
    if block is None:
        assert may_be_declined(data, layout)
        return None
    irregular = block.irregular.tolist()
    assert irregular == sorted(set(irregular))
    decoded = [at not in set(irregular) for at in range(len(lines))]
    for at, line in enumerate(lines):
        assert data[block.starts[at] - start : block.ends[at] - start] == line
        answer = answers[at]
        if decoded[at]:
            assert answer is not None, line
            assert int(block.ticks[at]) == answer[0] * 10 ** (block.places - answer[1]), line
        else:
            assert answer is None or not is_easy(line, layout), line
    read = [answer[1] for at, answer in enumerate(answers) if decoded[at] and answer]
    assert block.places == max(read, default=0)
    return block


digits = st.text("0123456789", min_size=1, max_size=9)
plain = st.one_of(
    st.builds("{}.{}".format, digits, digits),
    st.builds("{:.2f}".format, st.floats(0, 200000)),
    st.integers(0, 10**16 - 1).map(str),
    st.sampled_from(["0", "0.0", "134", "133.98", "133.9", "999.99", "1000.00", "0.00001234", "42283.12345678"]),
)
signed = plain.map("-{}".format)
strange = st.one_of(
    st.sampled_from(
        ["", "NaN", "close", "+1.5", ".5", "5.", "-", "--1", "-.5", "1.2.3", "1e5", " 1", "1 ", "1_0", "."]
    ),
    st.sampled_from(
        ["1/2", "1.-2", "1-2", "-1-", "\r", "1\r", "1\r\r", "\x00", "1\x002", "ÿ1", "1:2", "0x1", "..", "-1."]
    ),
    st.text(max_size=20).filter(lambda text: not set(text) & set('\n,;\t|"')),
    st.integers(10**16, 10**30).map(str),
)
others = st.one_of(
    plain,
    st.just(""),
    st.text(st.characters(exclude_characters='\n,;\t|"'), max_size=12),
    st.just("x" * 63),
    st.just("y" * 70),
)
layouts = st.integers(1, 14).flatmap(
    lambda width: st.builds(Columns, st.sampled_from(",;\t|"), st.integers(0, width - 1), st.just(width))
)


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, Columns]:
    """Build a file: lines of one kind, and a few of others among them."""
    layout = draw(layouts)
    delimiter, index, width = layout
    usual = draw(st.sampled_from([plain, signed, st.one_of(plain, signed), digits, strange]))
    rest = draw(st.sampled_from([st.just("1704067200"), st.just("1.5"), st.just("65.32547000" * 2), others]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = []
    for _ in range(draw(st.integers(1, 30))):
        kind = draw(st.integers(0, 30))
        fields = [draw(rest) for _ in range(width)]
        fields[index] = draw(strange if kind == 0 else plain if kind == 1 else usual)
        if kind == 2:
            fields = fields[:-1] or [""]
        elif kind == 3:
            fields.append("1")
        lines.append("" if kind == 4 else delimiter.join(fields))
    return (end.join(lines) + "\n").encode(errors="surrogatepass"), layout


@given(file=files(), shift=st.integers(0, 70), seed=st.integers(0, 1000))
def test_decodes_exactly_what_plain_python_does(file: tuple[bytes, Columns], shift: int, seed: int) -> None:
    """Every decoded line equals the oracle's, every plain one is decoded, whatever the padding and the alignment."""
    data, layout = file
    check(data, layout, PADDING + shift, random.Random(seed))


@given(data=st.binary(max_size=300), layout=layouts, seed=st.integers(0, 1000))
@example(b"\n" * 200, Columns(",", 0, 1), 1)
@example(b"1\n" * 200, Columns(",", 0, 1), 1)
def test_reads_any_bytes(data: bytes, layout: Columns, seed: int) -> None:
    """Bytes of no format at all are decoded as the oracle says, or not at all."""
    check(data + b"\n", layout, PADDING, random.Random(seed))


@given(
    closes=st.lists(st.text("0123456789.-\r,e ", max_size=18), min_size=1, max_size=40),
    index=st.integers(0, 2),
    good=st.integers(0, 100),
)
def test_reads_near_misses(closes: list[str], index: int, good: int) -> None:
    """Closes of the right characters in the wrong order are told from those in the right one."""
    layout = Columns(",", index, 3)
    fields = [["1"] * index + [close] + ["22"] * (2 - index) for close in closes] + [["1.5"] * 3] * good
    check("".join(",".join(line) + "\n" for line in fields).encode(), layout)


@pytest.mark.parametrize(
    "close", ["42235.25", "7", "100000.25", "-42235.25", "42283.12345678", "0.00001234", "1234567890123456"]
)
@pytest.mark.parametrize("layout", [Columns(",", 4, 6), Columns(";", 0, 1), Columns("\t", 2, 3), Columns("|", 4, 12)])
def test_checks_every_byte_of_the_close(close: str, layout: Columns) -> None:
    """Any byte in any place of the close is read right or makes its line irregular, and only its own line."""
    fields = ["1704067200"] * layout.width
    fields[layout.column] = close
    line = layout.delimiter.join(fields).encode()
    begin = 11 * layout.column
    for place in range(max(begin - 1, 0), min(begin + len(close) + 1, len(line))):
        changed = [line[:place] + bytes([byte]) + line[place + 1 :] for byte in range(256)]
        for alone in b".":  # this may decline the block, by places that are too many
            check(b"\n".join([line, changed[alone], *[line] * 4, b""]), layout)
            changed[alone] = line
        block = check(b"".join(each + b"\n" + line + b"\n" + line + b"\n" + line + b"\n" for each in changed), layout)
        assert block or len(close) - 1 + len(close.partition(".")[2]) > MAX_DIGITS, place  # a digit for the point


@pytest.mark.parametrize("index", range(12))
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_reads_long_lines(index: int, end: str) -> None:
    """Lines of twelve columns and 150 bytes are decoded wherever the close is, and their fields are counted."""
    rng = random.Random(index)
    layout = Columns(",", index, 12)
    lines = [
        ",".join(f"{rng.randrange(10 ** rng.randint(3, 13))}.{rng.randrange(100):02}" for _ in range(12))
        for _ in range(500)
    ]
    block = check((end.join(lines) + end).encode(), layout)
    assert block
    assert not block.irregular.size
    lines[::100] = [line + ",1" for line in lines[::100]]
    lines[1::100] = [line.replace(",", ";", 1) for line in lines[1::100]]
    block = check((end.join(lines) + end).encode(), layout)
    assert block
    assert block.irregular.tolist() == sorted([*range(0, 500, 100), *range(1, 500, 100)])


def test_a_surplus_of_256_fields_is_seen() -> None:
    """A line whose count of fields is right only in the lowest byte is irregular."""
    layout = Columns(",", 1, 3)
    block = check(b"1,2,3\n" * 9 + b"1,2," + b"," * 256 + b"3\n", layout)
    assert block
    assert block.irregular.tolist() == [9]


def test_quotes_outside_the_block() -> None:
    """What stands outside of the block does not matter."""
    buffer = bytearray(b'"' * PADDING + b"1,2,3\n" + b'"' * PADDING)
    assert BlockDecoder(",", 1, 3, 100).decode(buffer, PADDING, PADDING + 6)


def test_one_odd_line_does_not_spoil_the_others() -> None:
    """Up to the named share of irregular lines they are listed; above it the block is declined."""
    layout = Columns(",", 0, 2)
    bound = int(1000 * MAX_IRREGULAR_SHARE)
    for count, declined in ((1, False), (bound, False), (bound + 1, True)):
        block = check(b",1\n" * count + b"1.5,1\n" * (1000 - count), layout)
        assert (block is None) == declined


def test_scales_only_where_int64_has_room() -> None:
    """Closes that one scale cannot hold in 18 digits decline the block."""
    layout = Columns(",", 0, 1)
    block = check(b"1234567890\n0.00000001\n-9999999999\n", layout)
    assert block
    assert block.ticks.tolist() == [123456789000000000, 1, -999999999900000000]
    assert check(b"12345678901\n0.00000001\n", layout) is None


def test_long_lines_are_left_to_the_row_engine() -> None:
    """A line above the bound declines its block, a line at the bound does not."""
    layout = Columns(",", 0, 2)
    assert check(b"1.5," + b"x" * (MAX_LINE_BYTES - 4) + b"\n1.5,2\n", layout)
    assert check(b"1.5," + b"x" * (MAX_LINE_BYTES - 3) + b"\n1.5,2\n", layout) is None


def test_a_decoder_forgets_the_block_before() -> None:
    """Blocks of other sizes and kinds before it do not change how a block is read."""
    layout = Columns(",", 1, 3)
    kinds = [b"17,42.5,1\n" * 400, b"17,-1,1\n", b"\n" * 900, b"17,1.25,1\r\n18,42,1\n" * 33, b"x" * 2000 + b"\n"]
    decoder = BlockDecoder(*layout, CAPACITY)
    rng = random.Random(5)
    for _ in range(200):
        data = rng.choice(kinds)
        buffer = bytearray(rng.randbytes(PADDING) + data + rng.randbytes(PADDING))
        found, fresh = (
            each.decode(buffer, PADDING, PADDING + len(data)) for each in (decoder, BlockDecoder(*layout, CAPACITY))
        )
        assert (found is None) == (fresh is None)
        if found and fresh:
            assert found.places == fresh.places
            assert found.irregular.tolist() == fresh.irregular.tolist()
            assert np.delete(found.ticks, found.irregular).tolist() == np.delete(fresh.ticks, fresh.irregular).tolist()


@given(file=files())
def test_agrees_with_the_row_engine(file: tuple[bytes, Columns]) -> None:
    """Each decoded line is a row to the row engine, with the same close."""
    data, layout = file
    block = decode(data, layout)
    if block is None:
        assert may_be_declined(data, layout)
        return
    irregular = set(block.irregular.tolist())
    for at, line in enumerate(data.split(b"\n")[:-1]):
        if at in irregular:
            continue
        config = Config(seed=1, window=5, version="v1", header=False, column=layout.column + 1)
        reader = TextReader(config, grouping_of(config), lambda _: (False, False))
        reader.header = Layout(b"", (), layout.delimiter, layout.column, layout.width)
        first = layout.delimiter.join("1" * layout.width).encode()  # what looks like binary is refused at the start
        ((_, close),) = (rows.closes for rows in reader.rows(first + b"\n" + line + b"\n"))
        assert close
        assert close[0] * 10 ** (block.places - close[1]) == block.ticks[at]


@given(file=files(), start=st.integers(PADDING, PADDING + 70), every=st.integers(1, 3))
def test_locates_every_field(file: tuple[bytes, Columns], start: int, every: int) -> None:
    """A field is found where split has it, however far from the start of its line."""
    data, layout = file
    delimiter, _, width = layout
    buffer = bytes(start) + data + bytes(PADDING)
    decoder = BlockDecoder(*layout, CAPACITY)
    block = decoder.decode(buffer, start, start + len(data))
    if not block:
        return
    rows = [line.removesuffix(b"\r").split(delimiter.encode()) for line in data.split(b"\n")[:-1]]
    lines = [at for at, row in enumerate(rows) if len(row) == width and at % every == 0]
    if not lines:
        return
    for position in range(width):
        found = decoder.locate(position, buffer, np.array(lines))
        for line, begin, length in zip(lines, *(each.tolist() for each in found), strict=True):
            row = rows[line]
            assert begin == block.starts[line] + sum(map(len, row[:position])) + position
            assert length == len(row[position]) or (length == 255 and len(row[position]) >= FAR)


def test_numpy_shifts_by_64_leave_nothing() -> None:
    """The arithmetic that the module counts on: a shift by the whole width is 0."""
    ones, by = np.full(100, 2**64 - 1, np.uint64), np.full(100, 64, np.uint64)
    assert not (ones << by).any()
    assert not (ones >> by).any()


def candle_block(closes: list[str], time: str = "1704067200") -> bytes:
    """Make lines of six fields whose delimiters are in the same places as long as the closes have one length."""
    return "".join(f"{time},1.00,2.00,0.50,{close},1.5\n" for close in closes).encode()


UNLIKE = ["4.5", "42235.2", "422352.25", "-42235.25", "42235", "4223.525", "", "5.", ".5", "1e5", "4x.5"]
UNLIKE += ["9" * 16, "9" * 17, "42235/25", "4223:.25", "0.123456789012"]


@given(
    usual=st.sampled_from(["42235.25", "4.58", "0.00001234", "1234567.12345678", "99999", "-12.5"]),
    others=st.lists(st.tuples(st.integers(0, 99), st.sampled_from(UNLIKE)), max_size=30),
    gone=st.integers(0, 99),
)
def test_a_wrong_guess_changes_nothing(usual: str, others: list[tuple[int, str]], gone: int) -> None:
    """Closes unlike the one that was guessed from are what plain Python reads, few of them or many."""
    closes = [usual] * 100
    for at, close in others:
        closes[at] = close
    layout = Columns(",", 4, 6)
    check(candle_block(closes), layout)
    lines = candle_block(closes).splitlines(keepends=True)
    lines[gone] = b"\n"
    check(b"".join(lines), layout)


def test_blocks_after_a_wrong_guess() -> None:
    """After a wrong guess the next blocks are read without one, and then with one again, to the same closes."""
    layout, rng = Columns(",", 4, 6), random.Random(1)
    decoder = BlockDecoder(*layout, 1 << 16)
    for number in range(3 * BLOCKS_WITHOUT_GUESS):
        closes = [
            f"{rng.randrange(10 ** rng.randint(1, 6))}.{'5' * (number % 3 + rng.randint(0, 1))}5" for _ in range(60)
        ]
        data = bytes(PADDING) + candle_block(closes) + bytes(PADDING)
        block = decoder.decode(data, PADDING, len(data) - PADDING)
        assert block
        wanted = [oracle(line, layout) for line in candle_block(closes).splitlines()]
        found = [(ticks, block.places) for ticks in block.ticks.tolist()]
        assert found == [(close[0] * 10 ** (block.places - close[1]), block.places) for close in wanted if close]


@pytest.mark.parametrize("ahead", [40, 63, 64, 65, 100, 127, 128, 129, 200])
def test_a_close_far_from_the_start_of_its_line(ahead: int) -> None:
    """A close is found wherever its line has it, within the bytes that a guess looks at and beyond."""
    layout = Columns(",", 2, 4)
    lines = [b"1," + b"x" * (ahead - 3) + b",%d.25,3\n" % (1000 + number) for number in range(40)]
    block = check(b"".join(lines), layout)
    lines[7] = b"1,xx,1007.25,3\n"
    mixed = check(b"".join(lines), layout)
    if ahead < 60:
        assert block
        assert mixed
        assert not block.irregular.size
        assert not mixed.irregular.size
