"""Draw the saved runs of this machine: how each benchmark's calibrated median moved from run to run.

Run: make bench-history   (or: python benchmarks/history.py --output history.png)

One panel for each group of benchmarks, one line for each benchmark: its ratio divided by that of its first run, so that
all lines begin at 1 and up is slower. The axis shows the commit of each run: with `+` if there were changes on
top of it, `!` if something was found slower, `~` if the machine was busy and the run says little.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import folder_name
from tracking import is_busy, ratios
from workloads import cache_folder

if TYPE_CHECKING:
    Lines = dict[str, dict[str, list[tuple[int, float]]]]  # group -> benchmark -> (run, relative ratio)

PANEL_INCHES = (11, 3.2)


def main() -> None:
    """Read the runs, write the picture, print where it is."""
    options = _options()
    runs = load(options.folder)
    if not runs:
        raise SystemExit(f"no saved runs under {options.folder}: `make bench` saves one")
    draw(runs, options.output)
    print(f"{options.output}: {len(runs)} runs")


def load(folder: Path) -> list[dict[str, Any]]:
    """Read the saved runs, oldest first."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("**/[0-9]*_*.json")]
    return sorted(runs, key=lambda run: str(run["datetime"]))


def lines_of(runs: list[dict[str, Any]]) -> Lines:
    """Sort the ratios into lines, each relative to its first."""
    groups: Lines = defaultdict(lambda: defaultdict(list))
    first: dict[str, float] = {}
    for number, run in enumerate(runs):
        for fullname, ratio in ratios(run).items():
            group, _, parameters = fullname.rpartition("::")[2].removeprefix("test_").partition("[")
            base = first.setdefault(fullname, ratio)
            groups[group][parameters.rstrip("]") or group].append((number, ratio / base))
    return groups


def draw(runs: list[dict[str, Any]], output: Path) -> None:
    """Write the picture."""
    import matplotlib as mpl  # noqa: PLC0415 - the dev extra alone has it

    mpl.use("agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    groups = lines_of(runs)
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
    axes[-1, 0].set_xticks(range(len(runs)), [_label(run) for run in runs], rotation=60, fontsize="small")
    figure.suptitle("Calibrated median, relative to the first run (up is slower)")
    figure.savefig(output, dpi=100)


def _label(run: dict[str, Any]) -> str:
    commit = run["commit_info"]
    marks = "+" * bool(commit.get("dirty")) + "!" * bool(run.get("slower")) + "~" * is_busy(run)
    return str(commit.get("id"))[:7] + marks


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Draw the saved benchmark runs of this machine.")
    parser.add_argument("--folder", type=Path, default=cache_folder() / "benchmarks" / folder_name())
    parser.add_argument("--output", type=Path, default=Path("benchmark-history.png"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
