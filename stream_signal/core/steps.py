"""Steps: how long it is from one timestamp to the next, and how many steps are longer than the usual one.

Light, because every job imports it: the forms of timestamps are in `timestamps`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import natural

if TYPE_CHECKING:
    from collections.abc import Sequence

NANOSECONDS = 10**9  # of a second
# Numbers of so many digits may be dates: 20240310, 202403101700, 20240310170000, 20240310170000000.
DATE_SIZES = frozenset({8, 12, 14, 17})
# No time is further from 1970, in nanoseconds, and no step longer: a timestamp has at most 128 digits.
FURTHEST = 10**140
# So many steps show which one is the usual one.
FIRST_STEPS = 100
# There are gaps if more steps than one in so many are longer than the usual one.
_GAPS_ONE_IN = 100


def unit_of(size: int) -> int:
    """Return the nanoseconds in the unit of a number of so many digits since 1970: s, ms, us or ns.

    >>> unit_of(10), unit_of(13), unit_of(16), unit_of(19)
    (1000000000, 1000000, 1000, 1)
    """
    return NANOSECONDS if size < 12 else 10**6 if size < 15 else 10**3 if size < 18 else 1


def are_gaps(longer: int, steps: int) -> bool:
    """Whether so many of the steps are longer than the usual one that it is worth a word."""
    return longer * _GAPS_ONE_IN > steps


class Steps:
    """Counts steps in nanoseconds; `usual` is the most common of the first 100 that lead forward, None without any.

    >>> steps = Steps()
    >>> steps.add([60, 60, 180])
    >>> steps.count, steps.usual, steps.longer
    (3, 60, 1)
    """

    __slots__ = ("_decided", "_firsts", "_longer", "count")

    def __init__(self, decided: int | None = None) -> None:
        self.count = 0
        self._firsts: list[int] = []  # until there are enough
        self._decided = decided
        self._longer = 0

    @property
    def decided(self) -> int | None:
        """The usual step, once it is decided for good."""
        return self._decided

    @property
    def usual(self) -> int | None:
        """The usual step, as far as it is known."""
        return self._decided if self._decided is not None else _most_common(self._firsts)

    @property
    def longer(self) -> int:
        """How many steps are longer than the usual one."""
        usual = self.usual
        return self._longer if usual is None or not self._firsts else sum(step > usual for step in self._firsts)

    def add(self, steps: Sequence[int]) -> None:
        """Count steps, of which those that do not lead forward are never longer."""
        self.count += len(steps)
        if self._decided is None:
            forward = [step for step in steps if step > 0]
            room = FIRST_STEPS - len(self._firsts)
            self._firsts += forward[:room]
            if len(self._firsts) < FIRST_STEPS:
                return
            usual, self._longer = self.usual, self.longer
            self._decided, self._firsts, steps = usual, [], forward[room:]
        if self._decided is not None:
            self._longer += len(list(filter(self._decided.__lt__, steps)))

    def add_equal(self, step: int, count: int) -> None:
        """Count a step that leads forward, so many times."""
        if self._decided is None:
            few = min(count, FIRST_STEPS)
            self.add([step] * few)
            count -= few
        self.count += count
        self._longer += count * (self._decided is not None and step > self._decided)

    def add_counted(self, count: int, longer: int) -> None:
        """Count steps of which `longer` are longer than the decided one."""
        self.count += count
        self._longer += longer

    def as_json(self) -> list[Any]:
        """Return it as values that JSON can hold."""
        return [self.count, self._longer, self._decided, list(self._firsts)]

    @classmethod
    def from_json(cls, saved: Any) -> Steps:
        """Restore what `as_json` returned; raise ValueError if it is not valid."""
        try:
            count, longer, decided, firsts = saved
            steps = cls(None if decided is None else natural(decided, most=FURTHEST))
            steps.count, steps._longer = natural(count), natural(longer)
            steps._firsts = [natural(step, most=FURTHEST) for step in firsts]
        except TypeError:
            raise ValueError("expected steps") from None
        if len(steps._firsts) >= FIRST_STEPS:
            raise ValueError("expected steps")
        return steps


def _most_common(steps: list[int]) -> int | None:
    """Return the most common step; of several, the shortest."""
    return max(set(steps), key=lambda step: (steps.count(step), -step), default=None)
