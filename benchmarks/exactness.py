"""How many rows the obvious float programs get wrong, on candles with minutes without a trade.

Run: make exactness

The candles are those of `stream-signal candles`, forward-filled as exchanges publish them: 100,000 rows with two
decimals, and the same with eight. The truth is computed for each row alone, from the integers that are written.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from stream_signal import Config, SignalStream
from stream_signal.command.candles import candles

ROWS = 100_000
WINDOW = 5


def deque_signals(closes: list[str], window: int) -> list[bool]:
    """Run the obvious program: a deque, and a running sum in floats."""
    held: deque[float] = deque()
    total, signals = 0.0, []
    for text in closes:
        close = float(text)
        held.append(close)
        total += close
        if len(held) > window:
            total -= held.popleft()
        signals.append(len(held) == window and close > total / window)
    return signals


def cumsum_signals(closes: list[str], window: int) -> list[bool]:
    """Run the obvious NumPy program: a cumulative sum, minus itself shifted by the window."""
    values = np.array(closes, dtype=float)
    sums = np.cumsum(values)
    sums[window:] -= sums[:-window].copy()
    signals = values > sums / window
    signals[: window - 1] = False
    return [bool(signal) for signal in signals]


def stream_signals(closes: list[str], window: int) -> list[bool]:
    """Run stream-signal, row by row."""
    stream = SignalStream(Config(window=window))
    stream.feed(b"close\n")
    signals = []
    for close in closes:
        before = stream.signals
        stream.feed(f"{close}\n".encode())
        signals.append(stream.signals > before)
    return signals


def true_signals(closes: list[str], window: int) -> list[bool]:
    """Compute the truth: the closes have the same number of decimals, so without their points they are integers."""
    ticks = [int(close.replace(".", "")) for close in closes]
    return [
        row >= window - 1 and tick * window > sum(ticks[row - window + 1 : row + 1]) for row, tick in enumerate(ticks)
    ]


def closes_of(decimals: int, every: int) -> list[str]:
    """Make ROWS closes; each candle is repeated for `every` minutes, all but the first without a trade."""
    text = b"".join(candles(ROWS // every, seed=42)).decode()
    closes = [line.split(",")[4] for line in text.splitlines()[1:]]
    tail = "137713"[: decimals - 2]
    return [close + tail for close in closes for _ in range(every)]


def main() -> None:
    """Print the table."""
    print(f"Rows called wrong of {ROWS}, window {WINDOW}")
    print("| closes | deque, float sum | NumPy cumsum | stream-signal |")
    print("|---|---|---|---|")
    for title, decimals, every in (
        ("as generated, 12 % flat", 2, 1),
        ("forward-filled, 9 in 10 flat", 2, 10),
        ("the same with 8 decimals", 8, 10),
    ):
        closes = closes_of(decimals, every)
        truth = true_signals(closes, WINDOW)
        wrong = [
            sum(one != other for one, other in zip(signals(closes, WINDOW), truth, strict=True))
            for signals in (deque_signals, cumsum_signals, stream_signals)
        ]
        print(f"| {title} | {wrong[0]} | {wrong[1]} | {wrong[2]} |")


if __name__ == "__main__":
    main()
