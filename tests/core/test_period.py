"""Period: the same numbers however rows come, and whatever comes between two of them."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.timestamps import add_to, longest_strides
from stream_signal.core.period import DAY, HOUR, SLOTS, WEEK, Gap, Period, Strides, class_of, spread, strides_of

MINUTE = HOUR // 60
steps = st.one_of(
    st.sampled_from([MINUTE, MINUTE, 7 * MINUTE, HOUR // 2, HOUR // 2 - 1, HOUR, 61 * MINUTE, 4 * HOUR]),
    st.sampled_from([DAY, DAY, 3 * DAY, WEEK, 31 * DAY, 5000 * DAY, 1, 2**53 + 1, 2**60 - 1]),
    st.integers(1, 3 * HOUR),
)
backwards = st.one_of(steps, st.sampled_from([0, -MINUTE, -HOUR, -WEEK]))
lengths = st.sampled_from([1, 1, 2, 5, 60, 500])


def runs_of(steps: st.SearchStrategy[int]) -> st.SearchStrategy[list[int]]:
    """Make times whose steps are often equal; they fit into 64 bits."""
    runs = st.lists(st.tuples(steps, lengths), max_size=8)
    columns = st.builds(_times_of, st.integers(-(10**17), 10**17), runs)
    return columns.filter(lambda times: max(map(abs, times)) < 2**63 and len(times) < 3000)


def _times_of(first: int, runs: list[tuple[int, int]]) -> list[int]:
    times = [first]
    for step, length in runs:
        times += [times[-1] + step * at for at in range(1, length + 1)]
    return times


def one_by_one(times: list[int]) -> Period:
    """Count the rows one after the other."""
    period = Period()
    period.begin(times[0])
    for row, (before, time) in enumerate(pairwise(times), start=2):
        period.add_run(time - before, [row])
    return period


def counted(times: list[int]) -> dict[str, object]:
    """Count them in the plainest way."""
    seen, classes = [0] * SLOTS, dict[int, tuple[int, int]]()
    for time in times:
        seen[time // HOUR % SLOTS] += 1
    gaps = [Gap(time - before, row, before) for row, (before, time) in enumerate(pairwise(times), start=2)]
    forward = [gap for gap in gaps if gap.length > 0]
    for gap in forward:
        number, most = classes.get(class_of(gap.length), (0, 0))
        classes[class_of(gap.length)] = number + 1, max(most, gap.length)
    longest = max(forward, key=lambda gap: (gap.length, -gap.row), default=None)
    by_slot: dict[int, Gap] = {}
    for gap in forward:
        slot = gap.end // HOUR % SLOTS
        if gap.length >= HOUR // 2 and gap.length > by_slot.get(slot, Gap(0, 0, 0)).length:
            by_slot[slot] = gap
    return {
        "first": times[0],
        "last": times[-1],
        "rows": len(times),
        "weeks": sum(gap.length // WEEK for gap in forward),
        "seen": [[slot, number] for slot, number in enumerate(seen) if number],
        "steps": [[*classes[key]] for key in sorted(classes)],
        "gaps": [list(by_slot[slot]) for slot in sorted(by_slot)],
        "longest": longest and list(longest),
        "unseen": [],
    }


@given(runs_of(backwards))
def test_one_by_one(times: list[int]) -> None:
    """Equal steps are arithmetic, and give what counting each row gives."""
    assert one_by_one(times).as_json() == counted(times)


@given(runs_of(steps), st.data())
def test_however_they_come(times: list[int], data: st.DataObject) -> None:
    """Runs, lists, arrays, periods of later rows, and a stop at any row: what comes out is the same."""
    period, ends = Period(), sorted(data.draw(st.sets(st.integers(1, len(times)), max_size=4)) | {1, len(times)})
    period.begin(times[0])
    for begin, end in pairwise(ends):
        how = data.draw(st.sampled_from(["list", "array", "period", "run", "stop"]))
        part, rows = times[begin - 1 : end], range(begin + 1, end + 1)
        if how == "array":
            add_to(period, np.array(part), range(begin, end + 1))
        elif how == "period":
            period.add(one_by_one(part), begin - 1)
        elif how == "run" and len({time - before for before, time in pairwise(part)}) == 1:
            period.add_run(part[1] - part[0], rows)
        else:
            period.add_times(part, rows)
        if how == "stop":
            period = Period.from_json(json.loads(json.dumps(period.as_json())))
    assert period.as_json() == counted(times)


@given(runs_of(backwards), st.data())
def test_backwards_in_arrays(times: list[int], data: st.DataObject) -> None:
    """An array whose times go back, or repeat, is counted as its rows are."""
    period, cut = Period(), data.draw(st.integers(1, len(times)))
    period.begin(times[0])
    for begin, end in ((1, cut), (cut, len(times))):
        add_to(period, np.array(times[begin - 1 : end]), range(begin, end + 1))
    assert period.as_json() == counted(times)


def test_what_is_not_seen() -> None:
    """Time that nobody saw is in no step, and is known by the hours of the week."""
    period = Period()
    period.begin(0)
    period.add_run(HOUR, [2])
    period.resume(HOUR + 2 * WEEK + HOUR // 2)
    period.add_run(HOUR, [400])
    assert (period.rows, period.longest) == (3, Gap(HOUR, 2, 0))
    assert period.unseen == {slot: 2 * HOUR + (slot == 1) * HOUR // 2 for slot in range(SLOTS)}
    assert spread(0, WEEK) == [0] * SLOTS


@given(runs_of(steps), st.data())
def test_the_longest_strides(times: list[int], data: st.DataObject) -> None:
    """The six longest steps between samples are the same as a list, as arrays, and over a stop."""
    rows, cut = [7 * at for at in range(len(times))], data.draw(st.integers(0, len(times) - 1))
    whole, pieces = Strides(), Strides()
    whole.add(strides_of(times, rows))
    pieces.add(strides_of(times[: cut + 1], rows[: cut + 1]))
    pieces = Strides.from_json(json.loads(json.dumps(pieces.as_json())))
    if cut + 1 < len(times):
        pieces.add(longest_strides(np.array(times[cut:]), rows[cut:], pieces.least))
    assert pieces.longest == whole.longest
    assert [stride.length for stride in whole.longest] == sorted(map(_sub, pairwise(times)), reverse=True)[:6]


def _sub(pair: tuple[int, int]) -> int:
    return pair[1] - pair[0]


WHOLE = Period().as_json()


@pytest.mark.parametrize(
    "saved",
    [
        *(None, [], {}, 1, WHOLE | {"seen": 1}, WHOLE | {"seen": [[168, 1]]}, WHOLE | {"seen": [[0, -1]]}),
        *(WHOLE | {"steps": [[1, 0]]}, WHOLE | {"gaps": [[1, 1]]}, WHOLE | {"longest": [0, 1, 1]}),
        *(WHOLE | {"unseen": [[1]]}, WHOLE | {"last": None}, WHOLE | {"weeks": 0.5}, WHOLE | {"first": "1"}),
    ],
)
def test_a_period_that_cannot_be(saved: object) -> None:
    """What is no period is refused."""
    with pytest.raises(ValueError, match="expected"):
        Period.from_json(saved)


@pytest.mark.parametrize("saved", [None, [[1, 2, 3]], [[0, 1, 1, 1]], [[1, 1, 1, 1]] * 7, [[1, 1, 1, -1]]])
def test_strides_that_cannot_be(saved: object) -> None:
    """What are no strides is refused."""
    with pytest.raises(ValueError, match="expected"):
        Strides.from_json(saved)
