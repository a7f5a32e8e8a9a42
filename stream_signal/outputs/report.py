"""Report: the page to look at, one file that holds all it needs: numbers, charts, styles and scripts.

The charts are drawn by the JavaScript that Bokeh's package ships, so nothing of Bokeh in Python is imported. The page
asks nobody for anything, and what comes from the input, such as the names of keys, is text in it, never HTML.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from base64 import b64encode
from functools import cache
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal import __version__
from stream_signal.core.config import Config
from stream_signal.core.errors import OutputError
from stream_signal.core.observers.key_charts import KeyCharts
from stream_signal.core.observers.overview import Overview
from stream_signal.hints.durations import lasting, lines_of
from stream_signal.outputs.files import check_replaceable, replace_file
from stream_signal.outputs.metrics import further, ranked
from stream_signal.outputs.parts import Output
from stream_signal.outputs.summary import percent, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stream_signal.core.observers.time_line import Picture
    from stream_signal.outputs.parts import Job, Result

# A page has to be small enough to be mailed; the table of keys takes what the rest leaves.
MOST_BYTES = 3 * 1024 * 1024
# The lines of the table of keys without JavaScript, which shows all keys that are in the page.
MOST_LINES = 100
# Of compression: half as long as the usual one takes, for 4 % more bytes.
_LEVEL = 4
_PARTS = os.path.join(os.path.dirname(__file__), "page")
_SCRIPTS = ("bokeh.min.js", "bokeh-api.min.js")
_MARK = re.compile(r"\{\{(\w+)\}\}")


def wanted(job: Job) -> Iterator[Output]:
    """Yield the page."""
    yield ReportOutput(job)


class ReportOutput(Output):
    """The page of a job, and what draws its charts of the rows."""

    def __init__(self, job: Job) -> None:
        order, config = job.order, job.config
        super().__init__(order.every)
        self._path = str(order.report)
        self._config = config
        self._reload_seconds = order.every
        self._overview = Overview(config.time_column, keyed=config.is_keyed, windows=1 + len(config.windows))
        self._charts = KeyCharts(config.time_column) if config.is_keyed else None
        self.observers = [self._overview, self._charts] if self._charts else [self._overview]

    def check(self) -> None:
        """Refuse a path that cannot be replaced, and a page that cannot be made."""
        check_replaceable(self._path)
        _bokeh_folder()

    def write(self, result: Result, *, final: bool) -> None:
        """Replace the page; one of a job that goes on loads itself anew."""
        reload_seconds = None if final else self._reload_seconds
        report = Report(self._config, result, self._overview, self._charts, reload_seconds)
        replace_file(self._path, page(report))


class Report(NamedTuple):
    """What a page shows."""

    config: Config
    result: Result
    overview: Overview
    charts: KeyCharts | None
    """those of the keys, None without keys"""
    reload_seconds: float | None = None
    """of a job that goes on"""

    @property
    def windows(self) -> Sequence[int]:
        """All of them."""
        return self.config.window, *self.config.windows


def page(report: Report) -> bytes:
    """Return the page as HTML."""
    columns = report.overview.columns()
    parts = {
        "program": __version__,
        "title": escape(_title(report)),
        "css": _read(os.path.join(_PARTS, "page.css")),
        "reload": f"{report.reload_seconds:g}" if report.reload_seconds else "",
        "sentence": escape(sentence(report.result)),
        "status": _status(report),
        "doubts": _doubts(report),
        "numbers": _numbers(report),
        "charts": _charts(report),
        "table": _table_of_buckets(report, columns),
        "sections": "\n".join(_sections(report)),
        "data": data_of(report.overview, columns, report.windows),
        "of_table": f"The numbers of the {'signal rate' if report.overview.keyed else 'charts'} as a table",
        "keys": "" if report.charts is None else _read(os.path.join(_PARTS, "keys.html")),
        "key_charts_data": "" if report.charts is None else packed(charts_of(report.charts)),
        "keys_data": "",
        "bokeh": _bokeh(),
        "foot": _foot(report),
        "script": _read(os.path.join(_PARTS, "page.js")),
    }
    template = _read(os.path.join(_PARTS, "page.html"))

    def filled() -> bytes:
        # In one pass, so that a mark in a text of the input stays a text. What is no UTF-8, as in the name of a file,
        # is shown as an escape.
        return _MARK.sub(lambda mark: parts[mark[1]], template).encode("utf-8", "backslashreplace")

    if report.result.metrics.by_key is not None:
        parts["keys_data"] = _packed_keys(report.result.metrics.by_key, MOST_BYTES - len(filled()))
    return filled()


def data_of(overview: Overview, columns: Mapping[str, list[Any]], windows: Sequence[int]) -> str:
    """Return what the charts are drawn from, as JSON that can stand in a script."""
    data = {"windows": list(windows), "step": _milliseconds(overview.picture), **columns}
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def charts_of(charts: KeyCharts) -> list[dict[str, Any]]:
    """Return what the charts of the keys are drawn from."""
    drawn = []
    for key, chart in charts:
        columns = chart.columns()
        if chart.is_timed:
            del columns["time"]  # for which there is no room
        drawn.append({"key": key, "in_each": _step_of(chart), "step": _milliseconds(chart), **columns})
    return drawn


def _milliseconds(picture: Picture) -> float | None:
    """Return how long a bucket is; None if the buckets are of rows."""
    return picture.step / 10**6 if picture.is_timed else None


def _step_of(picture: Picture) -> str:
    """Write how much a bucket is."""
    return lasting(picture.step) if picture.is_timed else f"{picture.step:,} rows"


def packed(data: Any) -> str:
    """Return data as JSON that is compressed, for a script that a browser unpacks."""
    return b64encode(zlib.compress(json.dumps(data, separators=(",", ":")).encode())).decode()


@cache
def _bokeh() -> str:
    """Return Bokeh's scripts, compressed: they are a third as long, and most of a page."""
    scripts = "\n".join(_read(os.path.join(_bokeh_folder(), name)) for name in _SCRIPTS)
    return b64encode(zlib.compress(scripts.encode(), _LEVEL)).decode()


def _packed_keys(by_key: Mapping[str, Mapping[str, Any]], most: int) -> str:
    """Return the counts of the keys, the highest rate first, as many as have room."""
    keys = ranked(by_key)
    count = len(keys)
    while True:
        text = packed({"of": len(keys), "keys": _columns_of(keys[:count])})
        if len(text) <= most or not count:
            return text
        count = min(count - 1, count * most // len(text)) if most > 0 else 0


def _columns_of(ranked: Sequence[tuple[str, Mapping[str, Any]]]) -> list[list[Any]]:
    """Return the names of keys, their rows, and their signals for each window."""
    windows = further(ranked[0][1].get("by_window")) if ranked else {}
    return [
        [key for key, _ in ranked],
        [counts["rows"] for _, counts in ranked],
        [counts["signals"] for _, counts in ranked],
        *([counts["by_window"][window]["signals"] for _, counts in ranked] for window in windows),
    ]


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


def _short(name: str) -> str:
    """Return the name of an input, without a member of an archive that repeats its name.

    >>> _short("BTC-2024.zip/BTC-2024.csv"), _short("all.zip/BTC.csv"), _short("a/b.csv")
    ('BTC-2024.zip', 'all.zip/BTC.csv', 'a/b.csv')
    """
    archive, slash, member = name.rpartition("/")
    is_same = archive.endswith(".zip") and os.path.splitext(os.path.basename(archive))[0] == os.path.splitext(member)[0]
    return archive if slash and is_same else name


def _title(report: Report) -> str:
    names = [_short(name) for name, _ in report.result.inputs]
    others = f" and {len(names) - 1 + report.result.inputs_left_out} more" if len(names) > 1 else ""
    return f"Signal rate of {'stdin' if names == ['-'] else names[0] if names else 'no input'}{others}"


def _status(report: Report) -> str:
    if report.reload_seconds:
        text = (
            f"The job is still running. This page is replaced every {report.reload_seconds:g} s, and loads itself anew."
        )
        return f'<p class="status running" role="status">{text}</p>'
    return ""


def _doubts(report: Report) -> str:
    doubts = report.result.doubts()
    if not doubts:
        return '<section id="doubts" class="note" aria-label="Doubts"><p>No doubts.</p></section>'
    return _section("doubts", "Doubts", doubts, "")


def _numbers(report: Report) -> str:
    """Return what was found, the exact number below a rounded one."""
    metrics, windows = report.result.metrics, report.windows
    numbers = [("signal rate", percent(metrics.value), repr(metrics.value))]
    for window, one in further(metrics.by_window).items():
        numbers.append((f"signal rate, window {window}", percent(one["value"]), repr(one["value"])))
    numbers.append(("rows", f"{metrics.rows_processed:,}", ""))
    numbers.append(("signals", f"{report.result.stream.signals:,}", f"window {windows[0]:,}"))
    if metrics.by_key is not None:
        numbers.append(("keys", f"{len(metrics.by_key):,}", ""))
    if span := report.result.span():
        step = "no usual step" if span.usual is None else f"a row every {lasting(span.usual)}"
        numbers.append(("period", _lasting(span.last - span.first), step))
        about = "about " * span.is_about
        missing = "unknown" if span.missing is None else about + _lasting(span.missing) if span.missing else "none"
        longest = f"longest gap {about}{lasting(span.longest.length)}" if span.longest and span.missing else ""
        numbers.append(("missing time", missing, longest))
    else:
        numbers.append(("period", "unknown", "no times that can be read"))
    return "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(small)}</small></dd></div>"
        for name, value, small in numbers
    )


def _lasting(nanoseconds: int) -> str:
    """Write a duration in the two greatest units of it."""
    parts = lasting(nanoseconds).split(" ")
    return " ".join(parts[:4])


def _foot(report: Report) -> str:
    metrics = report.result.metrics
    state = "running" if report.reload_seconds else "ended, all rows are counted"
    facts = [
        f"version {metrics.version}",
        f"seed {metrics.seed}",
        f"latency {metrics.latency_ms:,} ms",
        f"job {state}",
        f"written by stream-signal {__version__}",
    ]
    return escape(" · ".join(facts))


def _charts(report: Report) -> str:
    overview, windows = report.overview, ", ".join(f"{window:,}" for window in report.windows)
    rate = "The share of rows that signalled, above or below the line, which is the rate of all rows."
    figures = []
    if not overview.keyed:
        if overview.picture.has_single_rows:
            text = f"Each close, and the rolling mean of {windows}; the triangles are the rows that signalled."
        else:
            text = (
                f"Closes from the lowest to the highest in each {_step_of(overview.picture)}, as a line in a band, and "
                f"closer up as candles; and the rolling mean of {windows}."
            )
        figures.append(_figure("price", "Price", text))
    figures.append(_figure("rate", "Signal rate", rate))
    return "\n".join(figures)


def _figure(name: str, title: str, text: str) -> str:
    label = escape(f"{title}. {text} The same numbers are in the table below.")
    return (
        f'<figure><h2>{title}</h2><div class="chart" id="{name}" role="group" aria-label="{label}"></div>'
        f"<figcaption>{escape(text)}</figcaption></figure>"
    )


def _table_of_buckets(report: Report, columns: Mapping[str, list[Any]]) -> str:
    windows = report.windows
    heads = ["first row", "time", "rows", "missing closes", *(f"signal rate, window {window}" for window in windows)]
    rates = [
        [percent(signals / rows) for signals, rows in zip(of_window, columns["rows"], strict=True)]
        for of_window in columns["signals"]
    ]
    counts = [[f"{count:,}" for count in columns[name]] for name in ("row", "rows", "missing")]
    cells: list[Iterable[Any]] = [counts[0], columns["time"], *counts[1:], *rates]
    if "first" in columns:
        heads += ["first close", "lowest", "highest", "last", *(f"mean of {window}" for window in windows)]
        cells += [columns["first"], columns["low"], columns["high"], columns["last"], *columns["means"]]
    picture = report.overview.picture
    caption = f"Each line is {'one row' if picture.has_single_rows else _step_of(picture)}"
    return _table(caption, heads, zip(*cells, strict=True))


def _table(caption: str, heads: Sequence[str], lines: Iterable[Iterable[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}' for name in heads)
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
    metrics, overview = report.result.metrics, report.overview
    if metrics.by_key is not None:
        yield f'<section id="keys"><h2>All keys</h2>{_table_of_keys(metrics.by_key)}</section>'
    span = report.result.span()
    yield _section(
        "period", "Period", lines_of(span) if span else [], "No times that can be read, so gaps are not seen."
    )
    findings = report.result.stream.repairs
    repairs = [
        f"{kind.replace('_', ' ')}: {findings.counts[kind]:,} ({'; '.join(places)})"
        for kind, places in findings.in_words().items()
    ]
    yield _section("repairs", "Missing closes and repairs", repairs, "No close is missing, and nothing was repaired.")
    if not overview.keyed:
        flats = [
            f"{flat.rows:,} rows at {flat.close}, from row {flat.row:,}{_at(flat.time)}" for flat in overview.flats
        ]
        if len(flats) < overview.flat_stretches:
            flats.append(f"and {overview.flat_stretches - len(flats):,} shorter ones")
        if flats:
            flats.insert(
                0, f"{overview.flat_rows:,} rows in {overview.flat_stretches:,} stretches of one close, the longest:"
            )
        yield _section("flats", "Flat stretches", flats, "None: no close stays the same for 32 rows.")
    yield f'<section id="settings"><h2>Settings</h2>{_settings(report.config)}</section>'
    read = [(name, f"{size:,}") for name, size in report.result.inputs]
    inputs = _table("What was read, in this order", ("input", "bytes read"), read)
    left = f"<p>and {report.result.inputs_left_out:,} more inputs</p>" if report.result.inputs_left_out else ""
    yield f'<section id="inputs"><h2>Inputs</h2>{inputs}{left}</section>'


def _settings(config: Config) -> str:
    """Return the settings that are not as they are without any, and below them the others."""
    usual = Config()._asdict()
    given = {key: value for key, value in config._asdict().items() if value != usual[key]}
    others = {key: value for key, value in config._asdict().items() if key not in given}
    tables = [
        _table(caption, ("setting", "value"), [(key, json.dumps(value)) for key, value in some.items()])
        for caption, some in (("Those that differ from the defaults", given), ("The defaults in effect", others))
    ]
    first = tables[0] if given else "<p>All settings have their defaults.</p>"
    return f"{first}<details><summary>The {len(others)} settings with their defaults</summary>{tables[1]}</details>"


def _at(moment: str) -> str:
    return f" ({moment})" if moment else ""


def _section(name: str, title: str, lines: Sequence[str], nothing: str) -> str:
    body = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f'<section id="{name}"><h2>{title}</h2>{f"<ul>{body}</ul>" if body else f"<p>{nothing}</p>"}</section>'


def _table_of_keys(by_key: Mapping[str, Mapping[str, Any]]) -> str:
    keys = ranked(by_key)
    caption = f"{len(keys):,} key{'s' if len(keys) > 1 else ''}, the highest rate first"
    if len(keys) > MOST_LINES:
        caption += f"; the first {MOST_LINES} of them, and --keys-output writes all"
    windows = list(further(keys[0][1].get("by_window"))) if keys else []
    heads = ["key", "signal rate", "rows", "signals", *(f"signal rate, window {window}" for window in windows)]
    lines = (
        [
            key,
            percent(one["value"]),
            f"{one['rows']:,}",
            f"{one['signals']:,}",
            *(percent(one["by_window"][window]["value"]) for window in windows),
        ]
        for key, one in keys[:MOST_LINES]
    )
    return _table(caption, heads, lines)
