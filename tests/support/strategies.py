"""What hypothesis draws: closes, whole files in every dialect, and cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from support.candle_csv import HEADER, row

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_DIGITS = "0123456789"

windows = st.integers(1, 12)

plain_prices = st.builds(
    lambda cents, places: f"{cents // 10**places}.{cents % 10**places:0{places}}" if places else str(cents),
    st.integers(0, 10**9),
    st.integers(0, 8),
)
# A handful of prices, so that closes often equal their mean: there, float engines go wrong.
tied_prices = st.sampled_from(["4.58", "4.59", "4.57", "4.6", "0.1", "0.2", "0.3", "0.30", "-0.1", "3e-1"])
odd_numbers = st.builds(
    lambda sign, whole, part, exponent: sign + whole + part + exponent,
    st.sampled_from(["", "-", "+"]),
    st.text(_DIGITS, min_size=1, max_size=30),
    st.one_of(st.just(""), st.just("."), st.text(_DIGITS, min_size=1, max_size=30).map(lambda part: "." + part)),
    st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from(["e", "E", "e+", "e-"]), st.integers(0, 30))),
)
missing_closes = st.sampled_from(["", "NaN", "nan", "NA", "n/a", "null", "NULL", "None"])
spaced = st.builds("{}{}{}".format, st.sampled_from(["", " ", "  "]), tied_prices, st.sampled_from(["", " "]))
closes = st.one_of(plain_prices, tied_prices, tied_prices, odd_numbers, missing_closes, spaced)
close_lists = st.lists(closes, min_size=1, max_size=60)

bad_closes = st.sampled_from(
    [
        "abc",
        "1_000",
        "0x10",
        "1.2.3",
        "--1",
        "1e",
        "inf",
        "-inf",
        "1 2",
        "\u0661",
        "e5",
        ".",
        "+",
        "1e999999999",
        "1" * 401,
    ]
)


class Document(NamedTuple):
    """A file and its contents."""

    data: bytes
    closes: list[str]
    repairs: dict[str, int]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw a file in any dialect that the project reads, with each line varied independently."""
    drawn = draw(close_lists)
    delimiter = draw(st.sampled_from(",;\t|"))
    line_ends = st.sampled_from(draw(st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n"]])))
    header = HEADER.strip().replace(",", delimiter)
    preamble = draw(st.lists(st.sampled_from(["https://example.com", "BTC/USD 1m", "# close"]), max_size=5))
    lines = [*preamble, header]
    repairs = {"preamble_lines": len(preamble), "blank_lines": 0, "repeated_headers": 0}
    repairs["records_of_several_lines"] = 0
    repairs["missing_closes"] = sum(
        close.strip(" ").lower() in {"", "nan", "na", "n/a", "null", "none"} for close in drawn
    )
    for number, close in enumerate(drawn):
        line = row(number, close, delimiter)
        kind = draw(st.sampled_from(["plain"] * 12 + ["quoted", "one quoted", "two lines", "blank", "header"]))
        if kind == "quoted":
            line = delimiter.join(f'"{field}"' for field in line.split(delimiter))
        elif kind == "one quoted":
            line = line.removesuffix("1.5") + f'"1{delimiter}5 ""x"""'
        elif kind == "two lines":
            line = line.removesuffix("1.5") + '"1\r\n\n5"'
            repairs["records_of_several_lines"] += 1
        elif kind == "blank":
            lines.append("")
            repairs["blank_lines"] += 1
        elif kind == "header":
            lines.append(header)
            repairs["repeated_headers"] += 1
        lines.append(line)
    text = draw(st.sampled_from(["", "\ufeff"])) + "".join(line + draw(line_ends) for line in lines)
    if draw(st.booleans()):
        text = text.removesuffix("\n").removesuffix("\r")
    return Document(text.encode(), drawn, {kind: count for kind, count in repairs.items() if count})


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """Cut bytes at random places; some of the pieces may be empty."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


PRICES: dict[str, Callable[[random.Random], str]] = {
    "two decimals": lambda rng: f"{rng.randrange(4_200_000, 4_200_050) / 100:.2f}",
    "widths": lambda rng: f"{rng.randrange(99_990, 100_010) / 100:.2f}",
    "mixed": lambda rng: rng.choice(["134", "133.98", "133.9", "134.0", "133.98000001"]),
    "negative": lambda rng: f"{rng.randrange(-300, 300) / 100:.2f}",
    "eight decimals": lambda rng: f"0.{rng.randrange(1000, 1100):08}",
    "long": lambda rng: f"{rng.randrange(10**13, 10**14)}.{rng.randrange(10, 99)}",
    "integers near int64": lambda rng: str(2**63 // 5 + rng.randrange(-50, 50)),
    "sixteen digits": lambda rng: str(rng.randrange(10**15, 10**16)),
}
ODD = ["", "NaN", "null", " 4.58", "4.58 ", "+4.58", "4.", ".5", "1e3", "-0", "9" * 30, "1e-9", "00042.50"]
BAD = ["x", "1_0", "--1", "1.2.3", "\u0661", "1\x00", "-", "1.5.", "1e999"]


@st.composite
def candle_files(draw: st.DrawFn) -> bytes:
    """Draw a file of a few hundred rows: mostly plain, with odd, bad and repeated lines at drawn rates."""
    rng = draw(st.randoms(use_true_random=False))
    price = PRICES[draw(st.sampled_from(sorted(PRICES)))]
    other = PRICES[draw(st.sampled_from(sorted(PRICES)))]
    rates = draw(st.tuples(*[st.sampled_from([0, 0, 0, 0.01, 0.1])] * 8))
    delimiter = draw(st.sampled_from(",;|\t"))
    line_end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    header = HEADER.strip().replace(",", delimiter)
    tail = draw(st.sampled_from(["", "", delimiter + "x" * 70]))
    lines = [header + (delimiter + "id" if tail else "")]
    for number in range(draw(st.integers(1, 150))):
        kinds = [rng.random() < rate for rate in rates]
        close = other(rng) if kinds[0] else price(rng)
        close = rng.choice(ODD) if kinds[1] else close
        line = row(number, close, delimiter) + tail
        if kinds[2]:
            line = row(number, rng.choice(BAD), delimiter) + tail
        if kinds[3]:
            line = line[: rng.randrange(len(line))]
        if kinds[4]:
            line += delimiter
        if kinds[5]:
            line = rng.choice(["", lines[0], "\r", line + line_end])
        if kinds[6]:
            line = rng.choice([line.replace("1.5", '"1.5"'), line.replace("1.5", '"1\n5"'), line.replace("1.0", '1"0')])
        if kinds[7]:
            line = line.replace("2.0", rng.choice(["\xff", "\x00", "y" * 300, ""]))
        lines.append(line)
    return line_end.join(lines).encode("latin-1", "replace") + (line_end.encode() if draw(st.booleans()) else b"")
