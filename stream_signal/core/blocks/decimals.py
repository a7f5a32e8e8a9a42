"""An array of floats -> the decimal numbers that they stand for, exact, without making text.

A float stands for its shortest decimal form: of all decimals that round to it, the one with the fewest digits. For an
array, `k = rint(x * 10**places)` is only a guess, but one that can be proven, value by value:

1. `k / 10**places == x`, where k and 10**places are exact, so that the division is rounded once: x is the float nearest
   to the decimal k / 10**places.
2. |x| is so small that two floats next to it are closer than 10**-places. Then no other decimal with so few places
   rounds to x, so this one is the shortest.

Two-decimal prices are proven up to 7e13 as float64, and below 131,072 as float32. What is not proven, such as a value
with 17 digits, is left to `ticks_of`, which reads the text that Python prints. Cost: 1.5 ns a value that is proven.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stream_signal.core.blocks.array_types import AnyFloats, Flags, Floats


# The shortest form of any float below 1e16 has a point: 5.0.
LEAST_PLACES = 1
# The significant bits of float16, float32 and float64, by their bytes.
BITS = {2: 11, 4: 24, 8: 53}
FEW = 100
_NEVER = 99


class Decimals(NamedTuple):
    """What an array of floats stands for."""

    places: int
    """of the values that are proven: each is its tick / 10**places"""
    largest: float
    """no tick that is proven is further from 0 than this"""
    missing: Flags | None
    """which values are NaN; None if there is none"""
    unproven: list[int]
    """positions, ascending, of the values that have to be read as text; their ticks mean nothing"""


def to_ticks(values: AnyFloats, places: int, ticks: Floats, scratch: Floats) -> Decimals:
    """Write each value times 10**places into `ticks`, as an integer or NaN; `scratch` is as long.

    `places` is at least LEAST_PLACES. If not all values are proven with so many, as many are taken as prove the most.

    >>> ticks = np.empty(3)
    >>> to_ticks(np.array([4.58, 4.5, 0.1 + 0.2]), 1, ticks, np.empty(3))
    Decimals(places=2, largest=458.0, missing=None, unproven=[2])
    >>> ticks[:2].tolist()
    [458.0, 450.0]
    """
    decimals, unproven = _try(values, places, ticks, scratch)
    for few in (FEW, len(values)):  # mostly the first few tell how many places all of them have
        better = _best_places(values, unproven, unproven[:few], places) if len(unproven) else places
        if better != places:
            places = better
            decimals, unproven = _try(values, places, ticks, scratch)
    return decimals._replace(unproven=unproven.tolist())


@cache
def most_ticks(places: int, bits: int) -> float:
    """Return how far from 0 a proven tick can be, for floats of that many significant bits.

    The floats below 2**exponent are 2**(exponent - bits) apart or closer, and that has to be less than 10**-places.

    >>> most_ticks(2, 53), most_ticks(2, 24)
    (7036874417766399.0, 13107199.0)
    """
    exponent = bits - (10**places).bit_length()
    return float(2.0**exponent * 10.0**places - 1)


@cache
def most_places(bits: int) -> int:
    """Return the most places whose power of ten is exact in floats of that many significant bits.

    Of narrow floats, float64 then rounds the quotient so finely that to round it again changes nothing: for quotients,
    twice the bits and two more are enough.

    >>> most_places(53), most_places(24), most_places(11)
    (22, 10, 4)
    """
    places = 0
    while 5 ** (places + 1) < 2**bits:
        places += 1
    return places


def _try(values: AnyFloats, places: int, ticks: Floats, scratch: Floats) -> tuple[Decimals, NDArray[np.intp]]:
    """Fill `ticks` at this scale; return what they are, and the positions of those that are not proven."""
    bits = BITS[values.dtype.itemsize]
    most, nothing = most_ticks(places, bits), np.empty(0, np.intp)
    same = _guess(values, places, ticks, scratch)
    top, bottom = float(np.fmax.reduce(ticks, initial=0)), float(np.fmin.reduce(ticks, initial=0))
    largest = max(top, -bottom)
    if largest <= most:
        if same.all():
            return Decimals(places, largest, None, []), nothing
        missing = np.isnan(ticks)
        if (same | missing).all():
            return Decimals(places, largest, missing, []), nothing
    else:
        missing = np.isnan(ticks)
    proven = same & (np.abs(ticks) <= most)
    largest = float(np.abs(ticks).max(where=proven, initial=0))
    decimals = Decimals(places, largest, missing if missing.any() else None, [])
    return decimals, np.flatnonzero(~(proven | missing))


def _guess(values: AnyFloats, places: int, ticks: Floats, scratch: Floats) -> Flags:
    """Fill `ticks` with the guesses; return for which of them the float is the nearest one."""
    scale = 10.0**places
    np.multiply(values, scale, out=ticks, dtype=np.float64)
    np.rint(ticks, out=ticks)
    np.divide(ticks, scale, out=scratch)
    nearest = scratch if values.dtype.itemsize == 8 else scratch.astype(values.dtype)
    same: Flags = nearest == values
    return same


def _best_places(values: AnyFloats, unproven: NDArray[np.intp], looked_at: NDArray[np.intp], places: int) -> int:
    """Return with how many places most of the values are proven, if `unproven` are not with the given number.

    A value is proven with as many places as it needs, or more, until it is too large for the proof. Of the unproven
    only those `looked_at` count.
    """
    bits = BITS[values.dtype.itemsize]
    needed = np.full(len(values), places)
    needed[unproven] = _NEVER
    rest = looked_at
    for tried in range(LEAST_PLACES, most_places(bits) + 1):
        ticks = np.empty(len(rest))
        proven = _guess(values[rest], tried, ticks, np.empty(len(rest))) & (np.abs(ticks) <= most_ticks(tried, bits))
        needed[rest[proven]] = tried
        rest = rest[~proven]
        if not len(rest):
            break
    places_needed = np.flatnonzero(np.bincount(needed[looked_at])[:_NEVER]).tolist()
    if not places_needed:
        return places
    sizes = np.abs(values, dtype=np.float64)
    best, most = places, 0
    for tried in sorted({places, *places_needed}):
        count = int(np.count_nonzero((needed <= tried) & (sizes * 10.0**tried <= most_ticks(tried, bits))))
        if count > most:
            best, most = tried, count
    return best
