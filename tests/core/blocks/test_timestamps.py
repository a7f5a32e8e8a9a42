"""Timestamps as arrays: the same times as one by one, or none."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.timestamps import nanoseconds_of
from stream_signal.core.timestamps import form_of

FORMATS = [
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S+05:30",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%dD%H:%M:%S.%f000",
    "%Y%m%d %H%M%S",
    "%Y%m%d %H",
]
instants = st.integers(-2 * 10**9, 4 * 10**9)


def one_by_one(texts: list[bytes]) -> list[int | None]:
    """Read each by the table of forms."""
    return [form.readings(text)[0] if (form := form_of(text)) else None for text in texts]


@given(st.lists(instants, min_size=1, max_size=50), st.sampled_from(FORMATS), st.integers(1, 20))
def test_moments(seconds: list[int], form: str, run: int) -> None:
    """Dates with a clock give what the table of forms gives."""
    moments = [datetime.fromtimestamp(second + later, UTC) for second in seconds for later in range(run)]
    texts = [moment.strftime(form).encode() for moment in moments]
    found = nanoseconds_of(np.array(texts))
    if found is not None:
        assert found.tolist() == one_by_one(texts)


@pytest.mark.parametrize("form", FORMATS)
def test_candles_are_read(form: str) -> None:
    """Candles of a week, in every form that the arrays are for, are not left to the table."""
    moments = [datetime.fromtimestamp(1_710_090_000 + 3600 * hour, UTC) for hour in range(24 * 30)]
    texts = [moment.strftime(form).encode() for moment in moments]
    found = nanoseconds_of(np.array(texts))
    assert found is not None
    assert found.tolist() == one_by_one(texts)


@given(
    st.integers(1, 20).flatmap(
        lambda size: st.lists(st.integers(0, 10**size - 1).map(f"{{:0{size}}}".format), min_size=1)
    )
)
def test_numbers(texts: list[str]) -> None:
    """Whole numbers of one length give what the table gives, if they are read."""
    cells = [text.encode() for text in texts]
    found = nanoseconds_of(np.array(cells))
    assert found is None or found.tolist() == one_by_one(cells)
    if len(texts[0]) in {10, 13, 16} and max(texts)[0] != "9":  # beyond it, int64 may not hold the nanoseconds
        assert found is not None


@pytest.mark.parametrize(
    "odd",
    ["2024-03-10 24:00", "2024-02-30 17:00", "2024-03-10 17:60", "2024-03-10T17:00", "9999-03-10 17:00", "x" * 16],
)
def test_an_odd_one(odd: str) -> None:
    """One text that is of another form, or no time, leaves the column to the table."""
    texts = [b"2024-03-10 %02d:%02d" % divmod(minute, 60) for minute in range(100)]
    assert nanoseconds_of(np.array(texts)) is not None
    texts[50] = odd.encode()
    assert nanoseconds_of(np.array(texts)) is None
