"""Law 3: the block engine and the row engine give one answer; the row engine is the reference."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cases import CASES, Case
from support.strategies import candle_files, windows
from support.streams import by_blocks, outcome


@pytest.fixture(params=[64, 200, 1000, 64 * 1024])
def small_blocks(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give everything to the block engine, in blocks of so many bytes."""
    return by_blocks(request.param)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases(case: Case, small_blocks: dict[str, Any]) -> None:
    """Every case of the table has its answer in the block engine too, whole and at random cuts."""
    for seed in range(5):
        rng = random.Random(seed)
        places = sorted(rng.randrange(len(case.data) + 1) for _ in range(seed))
        pieces = [case.data[start:end] for start, end in zip([0, *places], [*places, None], strict=True)]
        found = outcome(pieces, small_blocks, **case.settings)
        assert (found["error"] or (found["rows"], found["signals"])) == case.answer


@given(st.data(), candle_files(), windows, st.sampled_from(["error", "missing"]), st.integers(1, 6))
def test_one_answer(data: st.DataObject, text: bytes, window: int, bad_rows: str, column: int) -> None:
    """Over files that mix every kind of line, at any block size and any cut, all that can be known is the same."""
    settings_: dict[str, Any] = {"window": window, "bad_rows": bad_rows}
    if data.draw(st.booleans()):
        settings_["column"] = column
    wanted = outcome([text], **settings_)
    size = data.draw(st.sampled_from([50, 100, 333, 1000, 4096, 65536]))
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=3)))
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, None], strict=True)]
    assert outcome(pieces, by_blocks(size), **settings_) == wanted
