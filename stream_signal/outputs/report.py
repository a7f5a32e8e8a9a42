"""Report: the page to look at, one file that holds all it needs: numbers, charts, styles and scripts.

The charts are drawn by the JavaScript that Bokeh's package ships, so nothing of Bokeh in Python is imported. The page
asks nobody for anything, and what comes from the input, such as the names of keys, is text in it, never HTML.
"""

from __future__ import annotations

import json
import os
import re
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal import __version__
from stream_signal.core.errors import OutputError
from stream_signal.outputs.files import check_replaceable, replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stream_signal.core.observers.overview import Overview
    from stream_signal.core.repairs import Repairs
    from stream_signal.outputs.metrics import Metrics

# The page has to be small; --keys-output writes all of them.
MOST_KEYS = 10_000
_PARTS = os.path.join(os.path.dirname(__file__), "page")
_SCRIPTS = ("bokeh.min.js", "bokeh-api.min.js")
_MARK = re.compile(r"\{\{(\w+)\}\}")


class Report(NamedTuple):
    """What a page shows."""

    metrics: Metrics
    overview: Overview
    windows: Sequence[int]
    signals: int
    repairs: Repairs
    doubts: Sequence[str]
    settings: Mapping[str, Any]
    inputs: Sequence[tuple[str, int]]
    """the name of each input, and how many bytes of CSV were read of it"""
    inputs_left_out: int = 0
    reload_seconds: float | None = None
    """of a job that goes on"""


def check_report(path: str) -> None:
    """Raise OutputError, before any work is done, if a page cannot be made, or cannot be written."""
    check_replaceable(path)
    _bokeh_folder()


def write_report(report: Report, path: str) -> None:
    """Replace the page at `path`, whole or not at all; OutputError if that fails."""
    replace_file(path, page(report))


def page(report: Report) -> bytes:
    """Return the page as HTML."""
    scripts = [_read(os.path.join(_bokeh_folder(), name)) for name in _SCRIPTS]
    parts = {
        "program": __version__,
        "title": escape(_title(report)),
        "css": _read(os.path.join(_PARTS, "page.css")),
        "reload": f"{report.reload_seconds:g}" if report.reload_seconds else "",
        "status": _status(report),
        "numbers": _numbers(report),
        "charts": _charts(report),
        "table": _table_of_buckets(report),
        "sections": "\n".join(_sections(report)),
        "data": data_of(report.overview, report.windows),
        "bokeh": "\n".join(scripts),
        "script": _read(os.path.join(_PARTS, "page.js")),
    }
    # In one pass, so that a mark in a text of the input stays a text.
    return _MARK.sub(lambda mark: parts[mark[1]], _read(os.path.join(_PARTS, "page.html"))).encode()


def data_of(overview: Overview, windows: Sequence[int]) -> str:
    """Return what the charts are drawn from, as JSON that can stand in a script."""
    data = {"size": overview.size, "windows": list(windows), **overview.columns()}
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _bokeh_folder() -> str:
    spec = find_spec("bokeh")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        static = os.path.join(folder, "server", "static", "js")
        if all(os.path.exists(os.path.join(static, name)) for name in _SCRIPTS):
            return static
    raise OutputError("a report needs Bokeh's JavaScript").with_hint("pip install 'stream-signal[view]'")


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _title(report: Report) -> str:
    names = [name for name, _ in report.inputs]
    more = f" and {len(names) - 1 + report.inputs_left_out} more" if len(names) > 1 else ""
    return f"Signal rate of {'stdin' if names == ['-'] else names[0] if names else 'no input'}{more}"


def _status(report: Report) -> str:
    if report.reload_seconds:
        text = (
            f"The job is still running. This page is replaced every {report.reload_seconds:g} s, and loads itself anew."
        )
        return f'<p class="status running" role="status">{text}</p>'
    return '<p class="status">The job has ended: all rows are counted.</p>'


def _numbers(report: Report) -> str:
    metrics = report.metrics
    found: dict[str, str | float] = {
        "signal rate": metrics.value,
        "rows": str(metrics.rows_processed),
        "signals": str(report.signals),
        "window": str(report.windows[0]),
    }
    found |= {f"signal rate, window {window}": each["value"] for window, each in (metrics.by_window or {}).items()}
    found |= {"keys": str(len(metrics.by_key))} if metrics.by_key is not None else {}
    found |= {"version": metrics.version, "seed": str(metrics.seed), "status": metrics.status}
    found["latency"] = f"{metrics.latency_ms} ms"
    return "\n".join(f"<div><dt>{escape(name)}</dt><dd>{_shown(value)}</dd></div>" for name, value in found.items())


def _shown(value: str | float) -> str:
    """Show a rate rounded, with the exact number below."""
    return escape(value) if isinstance(value, str) else f"{value:.2%}<small>{value!r}</small>"


def _charts(report: Report) -> str:
    size, windows = report.overview.size, ", ".join(map(str, report.windows))
    rate = "The share of rows that signalled, in each bar. The dotted line is the rate of all rows."
    found = []
    if not report.overview.keyed:
        what = "Each close" if size == 1 else f"Each candle: the first, last, lowest and highest close of {size} rows"
        marks = "; the triangles are the rows that signalled" if size == 1 else ""
        found.append(_figure("price", "Price", f"{what}, and the rolling mean of {windows}{marks}."))
    found.append(_figure("rate", "Signal rate", rate))
    return "\n".join(found)


def _figure(name: str, title: str, text: str) -> str:
    label = escape(f"{title}. {text} The same numbers are in the table below.")
    return (
        f'<figure><h2>{title}</h2><div class="chart" id="{name}" role="img" aria-label="{label}"></div>'
        f"<figcaption>{escape(text)}</figcaption></figure>"
    )


def _table_of_buckets(report: Report) -> str:
    columns, windows = report.overview.columns(), report.windows
    heads = ["first row", "time", "rows", "missing closes", *(f"signal rate, window {window}" for window in windows)]
    rates = [
        [f"{signals / rows:.4f}" for signals, rows in zip(each, columns["rows"], strict=True)]
        for each in columns["signals"]
    ]
    found: list[Iterable[Any]] = [columns["row"], columns["time"], columns["rows"], columns["missing"], *rates]
    if "first" in columns:
        heads += ["first close", "lowest", "highest", "last", *(f"mean of {window}" for window in windows)]
        found += [columns["first"], columns["low"], columns["high"], columns["last"], *columns["means"]]
    size = report.overview.size
    caption = "Each line is one row" if size == 1 else f"Each line is {size} rows"
    return _table(caption, heads, zip(*found, strict=True))


def _table(caption: str, heads: Sequence[str], lines: Iterable[Iterable[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}' for each in heads)
    body = "\n".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{escape(str(cell))}' if not at else f"<td>{'' if cell is None else escape(str(cell))}"
            for at, cell in enumerate(line)
        )
        for line in lines
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</thead><tbody>\n{body}\n</tbody></table></div>"
    )


def _sections(report: Report) -> Iterable[str]:
    metrics, overview = report.metrics, report.overview
    if metrics.by_key is not None:
        yield f'<section id="keys"><h2>Keys</h2>{_table_of_keys(metrics.by_key)}</section>'
    yield _section("doubts", "Doubts", report.doubts, "None.")
    repairs = [
        f"{kind.replace('_', ' ')}: {report.repairs.counts[kind]} ({'; '.join(places)})"
        for kind, places in report.repairs.in_words().items()
    ]
    yield _section("repairs", "Missing closes and repairs", repairs, "None.")
    if not overview.keyed:
        flats = [f"{each.rows} rows at {each.close}, from row {each.row}{_at(each.time)}" for each in overview.flats]
        if len(flats) < overview.flat_stretches:
            flats.append(f"and {overview.flat_stretches - len(flats)} shorter ones")
        if flats:
            flats.insert(
                0, f"{overview.flat_rows} rows in {overview.flat_stretches} stretches of one close, the longest:"
            )
        yield _section("flats", "Flat stretches", flats, "None: no close stays the same for 32 rows.")
    settings = [(key, json.dumps(value)) for key, value in report.settings.items()]
    yield f'<section id="settings"><h2>Settings</h2>{_table("The settings in effect", ("setting", "value"), settings)}'
    yield "</section>"
    inputs = _table("What was read, in this order", ("input", "bytes of CSV"), report.inputs)
    left = f"<p>and {report.inputs_left_out} more inputs</p>" if report.inputs_left_out else ""
    yield f'<section id="inputs"><h2>Inputs</h2>{inputs}{left}</section>'


def _at(time: str) -> str:
    return f" ({time})" if time else ""


def _section(name: str, title: str, lines: Sequence[str], nothing: str) -> str:
    body = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<section id="{name}"><h2>{title}</h2>{f"<ul>{body}</ul>" if body else f"<p>{nothing}</p>"}</section>'


def _table_of_keys(by_key: Mapping[str, Mapping[str, Any]]) -> str:
    ranked = sorted(by_key.items(), key=lambda item: (-item[1]["value"], item[0]))
    caption = f"{len(ranked)} keys, the highest rate first"
    if len(ranked) > MOST_KEYS:
        caption += f"; the first {MOST_KEYS} of them, and --keys-output writes all"
    windows = list(ranked[0][1].get("by_window", {})) if ranked else []
    heads = ["key", "signal rate", "rows", "signals", *(f"signal rate, window {window}" for window in windows)]
    lines = (
        [key, each["value"], each["rows"], each["signals"], *(each["by_window"][one]["value"] for one in windows)]
        for key, each in ranked[:MOST_KEYS]
    )
    return _table(caption, heads, lines)
