"""Signal lines written for a whole block: what Python writes for each row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalLines, SignalStream
from stream_signal.core.blocks.lines import mean_table
from support.streams import BY_ROWS, by_blocks


@given(
    st.lists(st.one_of(st.integers(0, 10**4), st.integers(0, 10**14)), min_size=1, max_size=20),
    st.sampled_from([1, 2, 4, 5, 8, 10, 20, 25, 50, 64, 200, 1000, 3, 7, 60]),
    st.integers(0, 8),
)
def test_means_as_decimals(sums: list[int], window: int, places: int) -> None:
    """A mean that is written from integers is what Python writes for the float64 nearest to it, digit for digit."""
    divisor = window * 10**places
    table = mean_table(np.array(sums), divisor)
    if table is not None:
        written = [bytes(line).translate(None, b"\0").decode() for line in table]
        assert written == [repr(total / divisor) for total in sums]
    elif window not in {3, 7, 60}:  # those that no decimal of few digits divides by
        decimals = next(decimals for decimals in range(1, 40) if 10**decimals % divisor == 0)
        long = max(sums) * 10**decimals // divisor >= 10**15
        assert decimals > 16 or long or any(0 < total * 10_000 < divisor for total in sums)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("text", ["", "17", " 17 ", "1,7", "1\\7", "é", "1\0", "\0", "1" * 64, "1" * 65, "é\t" * 400])
@pytest.mark.parametrize("column", ["time", "symbol"])
def test_texts_of_any_kind(form: str, text: str, column: str) -> None:
    """A time and a key are written as the text reader has them, whatever is in them and however long they are."""
    row = {"time": "60", "symbol": "BTC"} | {column: text}
    plain, odd = "60;BTC;4.58\n" * 40, f"{row['time']};{row['symbol']};"
    data = f"time;symbol;close\n{plain}{odd}4.59\n{odd} 4.6 \n{odd}\n{plain}".encode()
    written = []
    for engine in (BY_ROWS, by_blocks(512)):
        lines = SignalLines(form, keyed=True, windows=[3])
        stream = SignalStream(
            Config(window=2, windows=[3], key="symbol", bad_rows="missing", max_bad=1), [lines], **engine
        )
        stream.feed(data)
        stream.finish()
        written.append(lines.take())
    assert written[0] == written[1]
