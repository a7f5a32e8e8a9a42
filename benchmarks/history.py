"""Draw the saved runs of this machine: how each benchmark's calibrated median moved from run to run.

Run: make bench-history   (or: python benchmarks/history.py --output history.png)

One panel for each group of benchmarks, one line for each benchmark: its ratio divided by the first one, so that all
lines begin at 1 and up is slower. They begin at the committed baseline, then come the runs; the step to the first run
also shows how this machine differs from that of the baseline. The axis shows the commit of each run: with `+` if there
were changes on top of it, `!` if something was found slower, `~` if the machine was busy and the run says little.

Before the first run, or with --baseline, the picture is that of the baseline: a bar for each ratio.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baseline import BASELINE, read
from machine import folder_name
from tracking import is_busy, ratios
from workloads import cache_folder

if TYPE_CHECKING:
    Lines = dict[str, dict[str, list[tuple[int, float]]]]  # group -> benchmark -> (run, relative ratio)

PANEL_INCHES = (11, 3.2)
BAR_FORMAT = " {:.3g}"


def main() -> None:
    """Read the runs, write the picture, print where it is."""
    options = _options()
    runs, baseline = [] if options.baseline else load(options.folder), read(BASELINE)
    if runs:
        draw(runs, baseline, options.output)
        print(f"{options.output}: {len(runs)} runs, beside the baseline")
    else:
        draw_baseline(baseline, options.output)
        print(
            f"{options.output}: the baseline alone; `make bench` saves a run, and the next picture has it beside this"
        )


def load(folder: Path) -> list[dict[str, Any]]:
    """Read the saved runs, oldest first."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("**/[0-9]*_*.json")]
    return sorted(runs, key=lambda run: str(run["datetime"]))


def lines_of(measured: list[dict[str, float]]) -> Lines:
    """Sort the ratios of the baseline and of each run into lines, each relative to its first."""
    groups: Lines = defaultdict(lambda: defaultdict(list))
    first: dict[str, float] = {}
    for number, found in enumerate(measured):
        for fullname, ratio in found.items():
            group, label = _split(fullname)
            base = first.setdefault(fullname, ratio)
            groups[group][label].append((number, ratio / base))
    return groups


def draw_baseline(baseline: dict[str, float], output: Path) -> None:
    """Write a picture of the ratios of the baseline, sorted within each group."""
    plt = _pyplot()
    bars = [(*_split(fullname), ratio) for fullname, ratio in baseline.items() if "::" in fullname]
    bars.sort(key=lambda bar: (bar[0], bar[2]), reverse=True)
    groups = sorted({group for group, _, _ in bars})
    figure, axis = plt.subplots(figsize=(PANEL_INCHES[0], 1 + 0.19 * len(bars)), layout="constrained")
    places = range(len(bars))
    colours = [f"C{groups.index(group) % 10}" for group, _, _ in bars]
    drawn = axis.barh(places, [ratio for _, _, ratio in bars], color=colours)
    axis.bar_label(drawn, fmt=BAR_FORMAT, fontsize="xx-small")
    labels = [group if label == group else f"{group}: {label}" for group, label, _ in bars]
    axis.set_yticks(places, labels, fontsize="x-small")
    axis.set_xscale("log")
    axis.margins(y=0.01)
    axis.set_title("The committed baseline: each benchmark as a multiple of a fixed loop (right is slower)", loc="left")
    figure.savefig(output, dpi=100, metadata={"Date": None} if output.suffix == ".svg" else None)


def draw(runs: list[dict[str, Any]], baseline: dict[str, float], output: Path) -> None:
    """Write a picture of the runs beside the baseline."""
    plt = _pyplot()
    import matplotlib as mpl
    from matplotlib.ticker import MaxNLocator

    measured = [ratios(run) for run in runs]
    known = {name for found in measured for name in found}
    groups = lines_of([{name: ratio for name, ratio in baseline.items() if name in known}, *measured])
    width, height = PANEL_INCHES
    figure, axes = plt.subplots(
        len(groups), figsize=(width, height * len(groups)), squeeze=False, sharex=True, layout="constrained"
    )
    for axis, (group, lines) in zip(axes[:, 0], sorted(groups.items()), strict=True):
        colours = mpl.colormaps["tab20"].colors
        axis.set_prop_cycle(color=colours)
        for label, points in lines.items():
            axis.plot(*zip(*points, strict=True), marker=".", label=label)
        axis.axhline(1, color="grey", linewidth=0.5)
        axis.set_title(group, loc="left")
        axis.set_yscale("log", base=2)
        low, high = axis.get_ylim()
        axis.set_ylim(min(low, 0.45), max(high, 2.2))  # small changes look small
        axis.yaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.legend(fontsize="xx-small", ncols=2, loc="upper left", bbox_to_anchor=(1, 1))
    labels = ["baseline", *map(_label, runs)]
    axes[-1, 0].set_xticks(range(len(labels)), labels, rotation=60, fontsize="small")
    figure.suptitle("Calibrated median, relative to the baseline (up is slower)")
    figure.savefig(output, dpi=100)


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("agg")
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "baseline"}  # the same bytes for the same figures
    from matplotlib import pyplot  # noqa: ICN001

    return pyplot


def _split(fullname: str) -> tuple[str, str]:
    """Return the group of a benchmark, and its name in the group."""
    group, _, parameters = fullname.rpartition("::")[2].removeprefix("test_").partition("[")
    return group, parameters.rstrip("]") or group


def _label(run: dict[str, Any]) -> str:
    commit = run["commit_info"]
    marks = "+" * bool(commit.get("dirty")) + "!" * bool(run.get("slower")) + "~" * is_busy(run)
    return str(commit.get("id"))[:7] + marks


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Draw the saved benchmark runs of this machine.")
    parser.add_argument("--folder", type=Path, default=cache_folder() / "benchmarks" / folder_name())
    parser.add_argument("--baseline", action="store_true", help="draw the committed baseline alone")
    parser.add_argument("--output", type=Path, default=Path("benchmark-history.png"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
