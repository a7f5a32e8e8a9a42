"""The page of --report in a real browser: what is drawn is what is in the rows, and nothing leaves the machine.

It needs Chromium and axe-core (`make browser` installs them) and is skipped where there are none.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from math import isnan
from typing import TYPE_CHECKING, Any

import pytest

from support.candle_csv import FIRST_TIMESTAMP, candle_csv
from support.commands import COMMAND, REPOSITORY, run_in_process
from support.keyed_files import market

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
RANDOM = random.Random(5)
CLOSES = [f"{RANDOM.randrange(4_200_000, 4_210_000) / 100:.2f}" for _ in range(5000)]
CLOSES[77] = ""
CLOSES[1234], CLOSES[1235] = "99999.125", "0.00000001"
SHORT = CLOSES[:300]
WINDOWS = (3, 20)
# What a chart of a name is drawn from, and the numbers that are not there as null.
DRAWN = """name => {
  const found = Bokeh.documents.map(each => each.get_model_by_name(name)).find(Boolean);
  return Object.fromEntries(Object.entries(found.data).map(([key, values]) => [key, Array.from(values)]));
}"""
# What is painted of a chart, in some columns of the frame's pixels, counted from its left edge, or if below 0 from its
# right one: the highest and the lowest pixel of one of some colours, as parts of the frame's height; null without any.
PAINTED = """async ([name, kinds, columns]) => {
  const view = Object.values(Bokeh.index).find(each => each.model.name === name);
  await view.throttled_paint();
  const {left, top, height, width: last} = view.frame.bbox;
  const width = last + 1;  // a line on the right edge is half beyond it
  const kept = Object.values(stream_signal_report.palettes).flatMap(each => kinds.map(kind => each[kind]))
    .map(text => [1, 3, 5].map(at => parseInt(text.slice(at, at + 2), 16)));
  const copy = new OffscreenCanvas(width, height).getContext("2d", {willReadFrequently: true});
  copy.drawImage(view.canvas_view.primary.canvas, -left, -top);
  const {data} = copy.getImageData(0, 0, width, height);
  return (columns ?? [...Array(width).keys()]).map(column => {
    const rows = [...Array(height).keys()].filter(row => {
      const at = 4 * (row * width + (column + width) % width);
      return data[at + 3] > 60
        && kept.some(colour => colour.every((part, one) => Math.abs(part - data[at + one]) < 24));
    });
    return rows.length ? [rows[0] / height, rows.at(-1) / height] : null;
  });
}"""
CANDLES, BARS = ["rising", "falling"], ["bar", "edge"]
# The axis of time of `candle_csv`, in rows: where a row is, and which is there.
PLACE, ROW = "(row => 1.7e12 + 60000 * (row - 0.5))", "(place => place < 1e11 ? place : (place - 1.7e12) / 60000 + 0.5)"
# The range of an axis of a chart; in rows, if it is that of time.
AXIS = f"""([name, axis]) => {{
  const range = Object.values(Bokeh.index).find(each => each.model.name === name).model[axis];
  return [range.start, range.end].map({ROW});
}}"""
RANGES = f"""() => ['price', 'rate']
.map(name => Bokeh.documents.map(each => each.get_model_by_name(name)).find(Boolean))
.map(each => [each.x_range.start, each.x_range.end].map({ROW}))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser that is installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: the report is not seen in a browser")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium: the report is not seen in a browser; `make browser` installs it")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield started
        started.close()


@contextmanager
def opened(browser: Browser, path: Path, **options: Any) -> Iterator[Page]:
    """Open a page, and close it; fail if it says anything on the console, or asks for anything but itself."""
    context = browser.new_context(**{"viewport": {"width": 1000, "height": 900}, **options})
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url.partition("#")[0]))
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-drawn=yes]")
    yield page
    assert said == []
    assert {url for url in asked if not url.startswith("data:")} == {path.as_uri()}
    context.close()


def written(folder: Path, closes: list[str], *arguments: str) -> Path:
    """Write the page of some closes."""
    path = folder / "report.html"
    window = ",".join(map(str, WINDOWS))
    done = run_in_process("--report", path.name, "--window", window, *arguments, stdin=candle_csv(closes), cwd=folder)
    assert done.code == 0
    return path


def place(row: int) -> float:
    """Return where a row of `candle_csv` is: in the middle of its minute, in milliseconds."""
    return 1000 * (FIRST_TIMESTAMP + 60 * row - 30)


def number(value: Fraction | None) -> float | None:
    """Return the nearest float."""
    return None if value is None else float(value)


def means_of(closes: list[str], window: int) -> list[Fraction | None]:
    """Compute the rolling mean of each row, each window on its own."""
    values = [Fraction(close) if close else None for close in closes]
    found: list[Fraction | None] = []
    for at in range(len(values)):
        full = [value for value in values[max(0, at - window + 1) : at + 1] if value is not None]
        found.append(sum(full, Fraction()) / window if len(full) == window else None)
    return found


def signals_of(closes: list[str], window: int) -> list[bool]:
    """Say which rows signal."""
    pairs = zip(closes, means_of(closes, window), strict=True)
    return [bool(close) and mean is not None and Fraction(close) > mean for close, mean in pairs]


def nothing_as_none(values: list[Any]) -> list[Any]:
    """Return what is not a number as None."""
    return [None if isinstance(value, float) and isnan(value) else value for value in values]


def are_exact(drawn: dict[str, Any], closes: list[str], window: int) -> None:
    """Assert that the buckets have all rows, each once, with their exact closes and signals."""
    bounds = list(zip([row - 1 for row in drawn["row"]], drawn["end"], strict=True))
    assert [at for start, end in bounds for at in range(start, end)] == list(range(len(closes)))
    parts = [[Fraction(close) for close in closes[start:end] if close] for start, end in bounds]
    above = signals_of(closes, window)
    assert nothing_as_none(drawn["first"]) == [number(part[0]) if part else None for part in parts]
    assert nothing_as_none(drawn["last"]) == [number(part[-1]) if part else None for part in parts]
    assert nothing_as_none(drawn["low"]) == [number(min(part, default=None)) for part in parts]
    assert nothing_as_none(drawn["high"]) == [number(max(part, default=None)) for part in parts]
    assert drawn["signals"] == [sum(above[start:end]) for start, end in bounds]


@pytest.mark.parametrize("closes", [SHORT, CLOSES], ids=["short", "long"])
def test_the_values_drawn(closes: list[str], tmp_path: Path, browser: Browser) -> None:
    """Closes, means and signals are drawn exactly: the floats in the chart are those nearest to the exact values."""
    with opened(browser, written(tmp_path, closes)) as page:
        drawn = page.evaluate(DRAWN, "buckets")
        means = [page.evaluate(DRAWN, f"mean {window}") for window in WINDOWS]
        marked = page.evaluate(DRAWN, "signals") if closes is SHORT else None
    are_exact(drawn, closes, WINDOWS[0])
    assert len(drawn["row"]) == len(SHORT) if closes is SHORT else 1024 < len(drawn["row"]) <= 2048
    for window, found in zip(WINDOWS, means, strict=True):
        exact = means_of(closes, window)
        assert nothing_as_none(found["y"]) == [number(exact[end - 1]) for end in drawn["end"]]
        assert found["x"] == [place(end) for end in drawn["end"]]
    if marked:
        rows = [at for at, is_above in enumerate(signals_of(closes, WINDOWS[0])) if is_above]
        assert marked == {"x": [place(at + 1) for at in rows], "y": [float(closes[at]) for at in rows]}


def test_the_rates_drawn(tmp_path: Path, browser: Browser) -> None:
    """Each bar of the rate is the exact share of its rows, for each window, and at most 128 of them are seen."""
    with opened(browser, written(tmp_path, CLOSES)) as page:
        bars = page.evaluate(DRAWN, "rates")
    assert 64 <= len(bars["row"]) <= 128
    for name, window in (("rate", WINDOWS[0]), ("rate_1", WINDOWS[1])):
        above = signals_of(CLOSES, window)
        parts = [above[row - 1 : end] for row, end in zip(bars["row"], bars["end"], strict=True)]
        assert bars[name] == [sum(part) / len(part) for part in parts]
    assert sum(bars["rows"]) == len(CLOSES)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(scheme: str, tmp_path: Path, browser: Browser) -> None:
    """Page and charts follow the system, also when it changes while the page is open."""
    colours = {"light": ("rgb(255, 255, 255)", "#1c2026"), "dark": ("rgb(20, 23, 28)", "#e8eaed")}
    seen = """() => [getComputedStyle(document.body).backgroundColor,
        Bokeh.documents.map(each => each.get_model_by_name("price")).find(Boolean).below[0].axis_label_text_color]"""
    with opened(browser, written(tmp_path, SHORT), color_scheme=scheme) as page:
        assert tuple(page.evaluate(seen)) == colours[scheme]
        other = "dark" if scheme == "light" else "light"
        page.emulate_media(color_scheme=other)  # type: ignore[arg-type]
        page.wait_for_function(
            f"([ground, text]) => {{ const seen = ({seen})(); return seen[0] === ground && seen[1] === text; }}",
            arg=list(colours[other]),
        )


# The texts of a page, or of a part of it, that stick out of the screen, or of what is scrolled or cut off at the side.
CUT_OFF = """() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    for (const {left, right, width} of range.getClientRects()) {
      if (!width) continue;
      let [from, to] = [0, innerWidth];
      for (let each = texts.currentNode.parentElement; each; each = each.parentElement) {
        if (getComputedStyle(each).overflowX === "visible") continue;
        const box = each.getBoundingClientRect();
        [from, to] = [Math.max(from, box.left), Math.min(to, box.left + each.clientLeft + each.clientWidth)];
      }
      if (left < from - 1 || right > to + 1) found.push(texts.currentNode.textContent);
    }
  }
  return found;
}"""
# The pixels painted in the first and in the last column of the canvas of a chart, where a label that is cut off is.
AT_THE_SIDES = """async name => {
  const view = Object.values(Bokeh.index).find(each => each.model.name === name);
  await view.throttled_paint();
  const {canvas} = view.canvas_view.primary;
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  return [0, canvas.width - 1].map(column =>
    copy.getImageData(column, 0, 1, canvas.height).data.filter((part, at) => at % 4 === 3 && part).length);
}"""
# The rules of axe-core, which `make browser` installs.
AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(scheme: str, tmp_path: Path, browser: Browser) -> None:
    """On a small screen nothing sticks out and no value is cut off, with both charts as wide as the screen allows."""
    name = f"{'BTCUSDT-1m-2024-01-' * 5}.csv"
    (tmp_path / name).write_bytes(candle_csv(SHORT))
    done = run_in_process(name, "--window", "3,20", "--report", "report.html", cwd=tmp_path)
    assert done.code == 0
    with opened(browser, tmp_path / "report.html", color_scheme=scheme, **PHONE) as page:
        for width in (820, 360, 390):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate(CUT_OFF) == []
            assert page.evaluate("document.documentElement.scrollWidth") == width
        for name in ("price", "rate"):
            box = page.locator(f"#{name}").bounding_box()
            assert box
            assert 330 < box["width"] <= 390
            for end in (195, 200, 205):  # a label is at the right edge, or close to it
                page.evaluate(f"stream_signal_report.zoom(...[0.5, {end}.5].map({PLACE}))")
                assert page.evaluate(AT_THE_SIDES, name) == [0, 0]


def test_the_table_is_read(tmp_path: Path, browser: Browser) -> None:
    """A screen reader is told what the charts are, and finds a table with a line for each row in them."""
    with opened(browser, written(tmp_path, SHORT)) as page:
        assert page.get_by_role("heading", level=1).inner_text() == "Signal rate of stdin"
        assert (
            page.get_by_role("group", name=re.compile("^Price. Each close, and the rolling mean of 3, 20")).count() == 1
        )
        page.get_by_text("The numbers of the charts as a table").click()
        table = page.get_by_role("table", name="Each line is one row")
        table.get_by_role("row").nth(1).wait_for()
        assert table.get_by_role("row").count() == 1 + len(SHORT)
        assert table.get_by_role("row").nth(1).get_by_role("cell").nth(5).inner_text() == SHORT[0]


def drag(page: Page, chart: str, start: float, end: float) -> None:
    """Drag with the mouse across a chart, from one part of its width to another."""
    page.locator(f"#{chart}").hover()  # it scrolls the chart into view
    box = page.locator(f"#{chart}").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    before = page.evaluate(AXIS, [chart, "x_range"])
    # On a busy machine the mouse may rest for so long that Bokeh takes it for a press: then it is dragged again.
    while page.evaluate(AXIS, [chart, "x_range"]) == before:
        page.mouse.move(box["x"] + start * box["width"], y)
        page.mouse.down()
        page.mouse.move(box["x"] + end * box["width"], y, steps=2)
        page.mouse.up()


def turn(page: Page, chart: str, distance: int, *, key: str | None = None, times: int = 8) -> None:
    """Turn the wheel over a chart, with a key held down."""
    page.locator(f"#{chart}").hover()
    if key:
        page.keyboard.down(key)
    for _ in range(times):
        page.mouse.wheel(0, distance)
        page.wait_for_timeout(50)
    if key:
        page.keyboard.up(key)


def drag_twice(page: Page) -> None:
    """Zoom in on a part of what a drag zoomed in on."""
    drag(page, "price", 0.4, 0.7)
    drag(page, "price", 0.2, 0.8)


def go_back(page: Page) -> None:
    """Go back, by a double click, to what the drag before zoomed in on."""
    drag_twice(page)
    page.locator("#price").dblclick()


def press_the_button(page: Page) -> None:
    """Zoom in by the button of the chart."""
    for _ in range(8):
        page.locator("#price").get_by_title("Zoom in").first.click()


GESTURES: dict[str, Callable[[Page], None]] = {
    "drag": lambda page: drag(page, "price", 0.4, 0.6),
    "drag across the rates": lambda page: drag(page, "rate", 0.4, 0.6),
    "drag twice": drag_twice,
    "double click": go_back,
    "wheel": lambda page: turn(page, "price", -300, key="Control", times=4),
    "button": press_the_button,
    "code": lambda page: page.evaluate(f"stream_signal_report.zoom(...[2400.5, 2600.5].map({PLACE}))"),
}


@pytest.mark.parametrize(("gesture", "size"), [*((gesture, 4) for gesture in GESTURES), ("drag", 1)])
def test_the_prices_are_zoomed_too(gesture: str, size: int, tmp_path: Path, browser: Browser) -> None:
    """However one zooms, the closes in view fill the height of the chart: the axis has their range and little more."""
    # From 2,000 on and back, so that what is in view is never more than a part of all.
    closes = [str(2000 + min(at, 1000 * size - at)) for at in range(1000 * size)]
    closes[-1] = "5000"
    with opened(browser, written(tmp_path, closes)) as page:
        GESTURES[gesture](page)
        start, end = page.evaluate(AXIS, ["price", "x_range"])
        assert 0 < end - start < 700 * size
        seen = [float(close) for row, close in enumerate(closes, 1) if start <= row <= end]
        low, high = page.evaluate(AXIS, ["price", "y_range"])
        painted = [column for column in page.evaluate(PAINTED, ["price", [*CANDLES, "mark"], None]) if column]
    height = max(seen) - min(seen)
    assert min(seen) - 0.25 * height < low < min(seen)
    assert max(seen) < high < max(seen) + 0.25 * height
    assert min(top for top, _ in painted) < 0.2
    assert max(bottom for _, bottom in painted) > 0.8


def test_the_rates_zoomed_in_on_fit(tmp_path: Path, browser: Browser) -> None:
    """After a drag across the rates the axis reaches to the highest bar, which is higher than one of more rows."""
    with opened(browser, written(tmp_path, CLOSES)) as page:
        before = page.evaluate(AXIS, ["rate", "y_range"])
        drag(page, "rate", 0.4, 0.45)
        rates = page.evaluate(DRAWN, "rates")["rate"]
        assert before[1] < max(rates) <= page.evaluate(AXIS, ["rate", "y_range"])[1]


def test_the_whole_is_shown_again(tmp_path: Path, browser: Browser) -> None:
    """The button that resets shows all rows and all prices again."""
    both = [["price", "x_range"], ["price", "y_range"], ["rate", "x_range"], ["rate", "y_range"]]
    with opened(browser, written(tmp_path, CLOSES)) as page:
        before = [page.evaluate(AXIS, each) for each in both]
        drag(page, "price", 0.4, 0.6)
        assert [page.evaluate(AXIS, each) for each in both[:2]] != before[:2]
        page.locator("#price").get_by_title("Reset").first.click()
        page.wait_for_function(f"({AXIS})(['price', 'x_range'])[0] === 0.5")
        assert [page.evaluate(AXIS, each) for each in both] == before


def test_the_wheel_zooms_with_ctrl(tmp_path: Path, browser: Browser) -> None:
    """With Ctrl the wheel zooms both charts alike, the page stays, and the bars of the rate become finer."""
    with opened(browser, written(tmp_path, CLOSES)) as page:
        assert page.evaluate(RANGES) == [[0.5, 5000.5]] * 2
        turn(page, "price", -300, key="Control")
        price_range, rate_range = page.evaluate(RANGES)
        assert price_range == rate_range
        assert price_range[1] - price_range[0] < 2500
        assert page.evaluate("scrollY") == 0
        bars = page.evaluate(DRAWN, "rates")
        assert len(bars["row"]) > 79
        above = signals_of(CLOSES, WINDOWS[0])
        parts = [above[row - 1 : end] for row, end in zip(bars["row"], bars["end"], strict=True)]
        assert bars["rate"] == [sum(part) / len(part) for part in parts]


@pytest.mark.parametrize(("chart", "scheme"), [("price", "light"), ("rate", "dark")])
def test_the_wheel_scrolls(chart: str, scheme: str, tmp_path: Path, browser: Browser) -> None:
    """The wheel alone scrolls the page, over a chart too, and zooms nothing; a note that can be read says what does."""
    with opened(browser, written(tmp_path, CLOSES), color_scheme=scheme) as page:
        page.locator(f"#{chart}").hover()
        before = page.evaluate("scrollY")
        turn(page, chart, 100, times=2)
        page.wait_for_function("before => scrollY === before + 200", arg=before, timeout=5000)
        assert page.evaluate(RANGES) == [[0.5, 5000.5]] * 2
        note = page.get_by_text("use ctrl + scroll to zoom")
        text, ground = note.evaluate(
            "each => [getComputedStyle(each).color, getComputedStyle(each.getRootNode().host).backgroundColor]"
        )
        body = "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        assert [text, ground] == page.evaluate(body)


def test_no_candle_beyond_the_view(tmp_path: Path, browser: Browser) -> None:
    """Of candles beyond the view nothing is drawn: where the view ends between two candles, none is at its edges."""
    closes = [str(5000 + (-1) ** at * (at % 7) * 300) if at % 1000 else "9000" for at in range(5000)]
    with opened(browser, written(tmp_path, closes)) as page:
        starts = page.evaluate(DRAWN, "buckets")["row"]
        view = [starts[at] - 0.5 for at in (600, 620)]  # 20 candles, each narrower than its bucket
        page.evaluate(f"stream_signal_report.zoom(...{view}.map({PLACE}))")
        painted = page.evaluate(PAINTED, ["price", CANDLES, None])
    assert (painted[:2], painted[-2:]) == ([None] * 2, [None] * 2)
    assert len([column for column in painted if column]) > 0.5 * len(painted)


def test_a_gap_is_a_gap(tmp_path: Path, browser: Browser) -> None:
    """Where there are no rows for a time nothing is drawn: no line, candle or bar, nor what is beyond the view."""
    text = candle_csv(CLOSES).splitlines(keepends=True)
    del text[2001:3001]
    arguments = ("--report", "r.html", "--window", "3,20", "--quiet")
    assert run_in_process(*arguments, stdin=b"".join(text), cwd=tmp_path).code == 0
    with opened(browser, tmp_path / "r.html") as page:
        whole = page.evaluate(PAINTED, ["price", CANDLES, None])
        holes = [at / len(whole) for at, column in enumerate(whole) if not column]
        inner = [at for at in holes if 0.1 < at < 0.9]  # a line begins and ends in the middle of a bucket
        assert 0.38 < inner[0] < 0.42
        assert 0.58 < inner[-1] < 0.62
        page.evaluate(f"stream_signal_report.zoom(...[2050.5, 2950.5].map({PLACE}))")
        for name, kinds in (("price", CANDLES), ("rate", BARS)):
            assert set(map(str, page.evaluate(PAINTED, [name, kinds, None]))) == {"None"}


def test_rows_without_times(tmp_path: Path, browser: Browser) -> None:
    """Where the first time cannot be read, or in two ways, the axis is that of rows."""
    for times in (["", "", ""], ["soon", "1700000000", "1700000060"], ["03/04/2024", "04/04/2024", "2024-04-05"]):
        rows = "".join(f"{time},{4 + at}\n" for at, time in enumerate(times))
        stdin = f"time,close\n{rows}".encode()
        assert run_in_process("--report", "r.html", "--quiet", stdin=stdin, cwd=tmp_path).code == 0
        with opened(browser, tmp_path / "r.html") as page:
            assert page.evaluate(AXIS, ["price", "x_range"]) == [0.5, 3.5]
            assert page.evaluate(DRAWN, "buckets")["x"] == [1, 2, 3]


def test_rows_where_their_time_is(tmp_path: Path, browser: Browser) -> None:
    """A row is drawn at its time, whatever the order of the rows, and one without a time at that of the row before."""
    times = ["1700000120", "1700000000", "soon", "1700000060", "1700000060"]
    rows = "".join(f"{time},{4 + at}\n" for at, time in enumerate(times))
    stdin = f"time,close\n{rows}".encode()
    assert run_in_process("--report", "r.html", "--quiet", stdin=stdin, cwd=tmp_path).code == 0
    with opened(browser, tmp_path / "r.html") as page:
        drawn = page.evaluate(DRAWN, "buckets")
    found = zip(drawn["time"], drawn["first"], drawn["last"], strict=True)
    assert list(found) == [
        ("2023-11-14 22:13:20", 5, 6),
        ("2023-11-14 22:14:20", 7, 8),
        ("2023-11-14 22:15:20", 4, 4),
    ]


@pytest.mark.parametrize("ahead", ["Z", "+02:00", ""])
def test_times_as_dates(ahead: str, tmp_path: Path, browser: Browser) -> None:
    """The axis is that of time, in UTC, for dates as for numbers, and a label says which."""
    rows = "".join(f"2024-01-01T{at:02}:00:00{ahead},{4 + at}\n" for at in range(2, 24))
    stdin = f"time,close\n{rows}".encode()
    assert run_in_process("--report", "r.html", "--quiet", stdin=stdin, cwd=tmp_path).code == 0
    hour, first = 3_600_000, 1_704_067_200_000 + (0 if "+" in ahead else 7_200_000)
    with opened(browser, tmp_path / "r.html") as page:
        assert page.evaluate(DRAWN, "buckets")["x"] == [first + hour * at + hour / 2 for at in range(22)]
        label = "time => stream_signal_report.label('price', time)"
        assert page.evaluate(label, first + 3 * hour) == f"0{5 if first > 1_704_067_200_000 else 3}:00\n2024-01-01"
        assert page.evaluate(label, 1_704_067_200_000) == "2024-01-01"


def test_a_line_far_away_and_candles_closer_up(tmp_path: Path, browser: Browser) -> None:
    """More than 400 candles are a line of the closes in a band from the lowest to the highest; fewer are candles."""
    shown = """() => Object.values(Bokeh.index).find(each => each.model.name === "price").model.legend.items
        .filter(each => each.visible).map(each => each.label.value)"""
    with opened(browser, written(tmp_path, CLOSES)) as page:
        assert page.evaluate(shown) == ["lowest to highest", "mean of 3", "mean of 20", "close"]
        page.evaluate(f"stream_signal_report.zoom(...[400.5, 1400.5].map({PLACE}))")
        assert page.evaluate(shown) == ["mean of 3", "mean of 20", "price, rising", "price, falling"]
        spike = page.evaluate(PAINTED, ["price", CANDLES, None])
        bands = page.evaluate(DRAWN, "bands")
    assert min(column[0] for column in spike if column) < 0.1  # a spike of one row is in its candle
    heights = [value for ys in bands["ys"] for value in ys]
    exact = [float(close) for close in CLOSES if close]
    assert (min(heights), max(heights)) == (min(exact), max(exact))


def test_the_bars_stand_on_the_rate_of_all(tmp_path: Path, browser: Browser) -> None:
    """A bar reaches from the rate of all rows up or down to its own, and the axis holds them all and little more."""
    with opened(browser, written(tmp_path, CLOSES)) as page:
        bars = page.evaluate(DRAWN, "rates")
        low, high = page.evaluate(AXIS, ["rate", "y_range"])
    assert set(bars["overall"]) == {sum(signals_of(CLOSES, WINDOWS[0])) / len(CLOSES)}
    rates = bars["rate"] + bars["rate_1"]
    height = max(rates) - min(rates)
    assert min(rates) - 0.2 * height < low < min(rates)
    assert max(rates) < high < max(rates) + 0.2 * height


@pytest.mark.parametrize(
    ("closes", "said", "named"),
    [(["4", "5"], [], ["close"]), (["", ""], ["No close can be drawn."], [])],
    ids=["too few", "missing"],
)
def test_nothing_to_draw(
    closes: list[str], said: list[str], named: list[str], tmp_path: Path, browser: Browser
) -> None:
    """A chart says what it has none of; its legend names nothing that is not drawn, and its axis has no numbers."""
    chart = "name => Object.values(Bokeh.index).find(each => each.model.name === name).model"
    with opened(browser, written(tmp_path, closes)) as page:
        notes = [
            page.evaluate(f"name => ({chart})(name).below.map(each => each.text).filter(Boolean)", name)
            for name in ("price", "rate")
        ]
        legends = [
            page.evaluate(
                f"name => ({chart})(name).above.flatMap(each => each.items ?? []).map(each => each.label.value)", name
            )
            for name in ("price", "rate")
        ]
        ticks = [
            page.evaluate(f"name => ({chart})(name).left[0].ticker.ticks ?? null", name) for name in ("price", "rate")
        ]
    assert notes == [[*(f"No window of {window} was ever full." for window in WINDOWS), *said], ["No row signals."]]
    assert legends == [named, []]
    assert ticks == [None if named else [], []]


def test_rows_have_labels(tmp_path: Path, browser: Browser) -> None:
    """On an axis of rows the first row of all has a label, and so have round numbers of rows in view."""
    ticks = "() => Object.values(Bokeh.index).find(each => each.model.name === 'price').model.below[0].ticker.ticks"
    stdin = ("close\n" + "".join(f"{close or 1}\n" for close in CLOSES)).encode()
    assert run_in_process("--report", "r.html", "--quiet", stdin=stdin, cwd=tmp_path).code == 0
    with opened(browser, tmp_path / "r.html") as page:
        assert page.evaluate(ticks) == [1, 1000, 2000, 3000, 4000, 5000]
        page.evaluate("stream_signal_report.zoom(1234, 1270)")
        assert page.evaluate(ticks) == [1240, 1250, 1260, 1270]
        page.evaluate("stream_signal_report.zoom(0.5, 4.5)")
        assert page.evaluate(ticks) == [1, 2, 3, 4]


KEYS = [f"S{at}" for at in range(60)]
MARKET = [(RANDOM.choice(KEYS[:3] if at < 900 else KEYS), close) for at, close in enumerate(CLOSES)]


def page_of_market(folder: Path, rows: int = len(MARKET)) -> Path:
    """Write the page of closes of many keys."""
    arguments = ("--report", "r.html", "--key", "symbol", "--window", "3,20", "--quiet", "--keys-output", "keys.csv")
    assert run_in_process(*arguments, stdin=market(MARKET[:rows], time=int), cwd=folder).code == 0
    return folder / "r.html"


def closes_of(key: str) -> list[str]:
    """Return the closes of one key."""
    return [close for other, close in MARKET if other == key]


@pytest.mark.parametrize("at", [0, 1, 49])
def test_the_chart_of_a_key(at: int, tmp_path: Path, browser: Browser) -> None:
    """The chart of the key that is chosen has the exact closes, means, signals and rates of its rows alone."""
    key = list(dict.fromkeys(key for key, _ in MARKET))[at]
    closes = closes_of(key)
    above, means = signals_of(closes, 3), means_of(closes, 3)
    with opened(browser, page_of_market(tmp_path)) as page:
        assert page.locator("#multiples button").count() == 50
        page.locator("#multiples button").nth(at).click()
        page.wait_for_function("key => document.querySelector('#chosen').textContent === key", arg=key)
        drawn, mean = page.evaluate(DRAWN, "buckets"), page.evaluate(DRAWN, "mean 3")
        bars = page.evaluate(DRAWN, "key_rates")
        assert page.locator("#price canvas").count() > 0
    are_exact(drawn, closes, 3)
    assert len(drawn["row"]) <= 256
    known = [number(means[end - 1]) for end in drawn["end"] if means[end - 1] is not None]
    assert [value for value in nothing_as_none(mean["y"]) if value is not None] == known  # between gaps
    rates = [above[row - 1 : end] for row, end in zip(bars["row"], bars["end"], strict=True)]
    assert bars["rate"] == [sum(part) / len(part) for part in rates]


def test_the_prices_of_a_key_are_zoomed_too(tmp_path: Path, browser: Browser) -> None:
    """A drag across the chart of a key zooms its prices, too."""
    with opened(browser, page_of_market(tmp_path)) as page:
        page.get_by_role("button", name=re.compile("^S1 ")).click()
        page.wait_for_function("document.querySelector('#chosen').textContent === 'S1'")
        drag(page, "price", 0.4, 0.6)
        start, end = page.evaluate(AXIS, ["price", "x_range"])
        low, high = page.evaluate(AXIS, ["price", "y_range"])
    assert 0 < end - start < 0.5 * 1000 * len(MARKET)
    seen = [float(close) for at, (key, close) in enumerate(MARKET) if key == "S1" and start <= 1000 * at <= end]
    assert min(seen) - 25 < low < min(seen)
    assert max(seen) < high < max(seen) + 25


def test_the_rates_of_the_keys(tmp_path: Path, browser: Browser) -> None:
    """The picture and the table have the exact rate of each key, and the table can be searched and sorted."""
    rates = {key: sum(signals_of(closes_of(key), 3)) / len(closes_of(key)) for key in KEYS}
    ranked = sorted(KEYS, key=lambda key: (-rates[key], key))
    with opened(browser, page_of_market(tmp_path)) as page:
        bars = page.evaluate(DRAWN, "ranks of keys")
        assert (bars["from"], bars["rate"]) == (ranked, [rates[key] for key in ranked])
        lines = page.get_by_role("table", name="60 keys").locator("tbody tr")
        assert (
            page.evaluate("(each => each.scrollHeight - each.clientHeight)(document.querySelector('#keys .scroll'))")
            == 0
        )
        assert lines.locator("th").all_inner_texts() == ranked
        assert lines.locator("td:nth-child(2)").all_inner_texts() == [f"{100 * rates[key]:.2f} %" for key in ranked]
        page.get_by_role("button", name="rows").click()
        counts = [int(text) for text in lines.locator("td:nth-child(3)").all_inner_texts()]
        assert counts == sorted((len(closes_of(key)) for key in KEYS), reverse=True)
        page.get_by_label("Find a key").fill("s5")
        assert set(lines.locator("th").all_inner_texts()) == {key for key in KEYS if key.startswith("S5")}


def test_keys_resumed_without_a_report_before(tmp_path: Path, browser: Browser) -> None:
    """Charts that begin in the middle of a stream say from which row on they count."""
    lines = [f"{'AB'[at % 2]},{at},{4 + at % 3}\n" for at in range(30)]
    (tmp_path / "k.csv").write_text("symbol,time,close\n" + "".join(lines[:20]))
    arguments = ("k.csv", "--key", "symbol", "--checkpoint", "state.json", "--quiet")
    assert run_in_process(*arguments, cwd=tmp_path).code == 0
    (tmp_path / "k.csv").write_text("symbol,time,close\n" + "".join(lines))
    assert run_in_process(*arguments, "--report", "r.html", cwd=tmp_path).code == 0
    with opened(browser, tmp_path / "r.html") as page:
        page.get_by_text("Their rows are counted from row 21 of all").wait_for()


def test_keys_by_keyboard(tmp_path: Path, browser: Browser) -> None:
    """A key is chosen by the keyboard, and its numbers are there as a table."""
    with opened(browser, page_of_market(tmp_path)) as page:
        button = page.locator("#multiples button").nth(4)
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelectorAll('#multiples button')[4].ariaPressed === 'true'")
        key = page.locator("#chosen").inner_text()
        page.locator("#key_table summary").press("Enter")
        table = page.get_by_role("table", name=f"{key}: each line is one row")
        table.locator("tbody td").first.wait_for()  # it is filled after it has been opened
        assert table.locator("tbody td:nth-child(9)").all_inner_texts() == [
            close.rstrip("0").rstrip(".") for close in closes_of(key)
        ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_keys_on_a_phone(scheme: str, tmp_path: Path, browser: Browser) -> None:
    """With keys, too, nothing sticks out on a small screen and no value is cut off, however long a name is."""
    names = [f"THE-NAME-OF-A-SYMBOL-THAT-IS-LONG-{at:02}-from-an-exchange-1m-2024-01.csv" for at in range(20)]
    for at, name in enumerate(names):
        (tmp_path / name).write_bytes(candle_csv(CLOSES[100 * at : 100 * at + 100]))
    arguments = (
        "--key",
        "@file",
        "--key-pattern",
        "{key}-from-an-exchange-1m-2024-*.csv",
        "--window",
        "3,20",
        "--report",
        "report.html",
        "--quiet",
    )
    assert run_in_process(*names, *arguments, cwd=tmp_path).code == 0
    with opened(browser, tmp_path / "report.html", color_scheme=scheme, **PHONE) as page:
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        for name in ("price", "rate", "key_rate", "ranks"):
            assert page.evaluate(AT_THE_SIDES, name) == [0, 0]


def test_a_swipe_scrolls(tmp_path: Path, browser: Browser) -> None:
    """On a phone a swipe over a chart scrolls the page, and zooms nothing."""
    with opened(browser, written(tmp_path, CLOSES), **PHONE) as page:
        page.locator("#price").scroll_into_view_if_needed()
        before = page.evaluate("scrollY")
        box = page.locator("#price").bounding_box()
        assert box
        swipe = {"x": box["x"] + 200, "y": box["y"] + box["height"] / 2, "yDistance": -150}
        page.context.new_cdp_session(page).send("Input.synthesizeScrollGesture", swipe)
        assert page.evaluate("scrollY") > before + 100
        assert page.evaluate(RANGES) == [[0.5, 5000.5]] * 2


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: `make browser` installs it")
@pytest.mark.parametrize("screen", [{}, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("is_keyed", ["", "keyed"], ids=["rows", "keys"])
def test_axe_finds_nothing(
    is_keyed: str, scheme: str, screen: dict[str, Any], tmp_path: Path, browser: Browser
) -> None:
    """Of the rules of axe-core the page breaks none, with all that is folded up opened."""
    path = page_of_market(tmp_path, 30) if is_keyed else written(tmp_path, SHORT[:30])
    with opened(browser, path, color_scheme=scheme, **screen) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 30
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]] == []


def test_a_touch_zooms_with_a_tool(tmp_path: Path, browser: Browser) -> None:
    """On a phone a finger zooms as the mouse does, once the tool for it has been chosen."""
    with opened(browser, written(tmp_path, CLOSES), **PHONE) as page:
        page.locator("#price").get_by_title("Box Zoom").first.tap()
        box = page.locator("#price").bounding_box()
        assert box
        touch = page.context.new_cdp_session(page)
        for kind, part in (("Start", 0.4), *(("Move", 0.4 + 0.05 * at) for at in range(1, 7)), ("End", None)):
            points = [{"x": box["x"] + part * box["width"], "y": box["y"] + 200}] if part else []
            touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        page.wait_for_function(f"({AXIS})(['price', 'x_range'])[0] > 1000")
        price_range, rate_range = page.evaluate(RANGES)
    assert price_range == rate_range
    assert 1000 < price_range[1] - price_range[0] < 2500


# The pictures of charts that are printed, by name; as data, and in how much of their width something of a colour is.
PRINTED = """async kinds => {
  const colours = kinds.map(kind => stream_signal_report.palettes.light[kind])
    .map(text => [1, 3, 5].map(at => parseInt(text.slice(at, at + 2), 16)));
  const is_near = (data, at) => data[at + 3] > 60
    && colours.some(colour => colour.every((part, one) => Math.abs(part - data[at + one]) < 24));
  const found = {};
  for (const picture of document.querySelectorAll(".printed")) {
    await picture.decode();
    const {naturalWidth: width, naturalHeight: height} = picture;
    const copy = new OffscreenCanvas(width, height).getContext("2d", {willReadFrequently: true});
    copy.drawImage(picture, 0, 0);
    const {data} = copy.getImageData(0, 0, width, height);
    const columns = new Set();
    for (let at = 0; at < data.length; at += 4) if (is_near(data, at)) columns.add(at / 4 % width);
    found[picture.nextElementSibling.id] = [picture.src, columns.size / width];
  }
  return found;
}"""


@pytest.mark.parametrize(
    ("names", "small"), [(["price", "rate"], 0), (["rate", "ranks", "price", "key_rate"], 50)], ids=["rows", "keys"]
)
def test_a_print_has_every_chart(names: list[str], small: int, tmp_path: Path, browser: Browser) -> None:
    """A print has a picture of every chart, as wide as the paper, from a dark screen the same as from a light one."""
    path = page_of_market(tmp_path) if small else written(tmp_path, CLOSES)
    printed = {}
    for scheme in ("light", "dark"):
        with opened(browser, path, color_scheme=scheme) as page:
            assert page.pdf().count(b"/SMask") == len(names)  # each picture in it
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            page.emulate_media(media="print")
            page.set_viewport_size({"width": 700, "height": 900})
            printed[scheme] = page.evaluate(PRINTED, [*CANDLES, *BARS])
            assert list(printed[scheme]) == names
            for name in names:
                box = page.locator(f".printed:has(+ #{name})").bounding_box()
                assert box
                assert (box["width"], box["height"] > 100) == (700, True)
                assert page.locator(f"#{name}").is_hidden()
            drawn = page.locator("#multiples path.closes").evaluate_all(
                "each => each.filter(one => one.getAttribute('d')).length"
            )
            assert drawn == small
            page.evaluate("dispatchEvent(new Event('afterprint'))")
            assert page.locator(".printed").count() == 0
    assert printed["dark"] == printed["light"]
    assert min(part for _, part in printed["light"].values()) > 0.4


@pytest.mark.parametrize("follow", ["", "--follow"], ids=["pipe", "followed"])
def test_keys_as_it_runs(follow: str, tmp_path: Path, browser: Browser) -> None:
    """The page of a running job keeps the key that is chosen, and its zoom, when it loads itself anew."""
    path, data = tmp_path / "report.html", tmp_path / "data.csv"
    lines = [f"{'ABC'[at % 3]},{60 * at},{close or 1}\n" for at, close in enumerate(CLOSES[:900])]
    data.write_text("symbol,time,close\n" + "".join(lines[:600]))
    source = [data.name, follow] if follow else []
    arguments = [COMMAND, *source, "--key", "symbol", "--quiet", "--report", path.name, "--every", "0.1"]
    with (
        subprocess.Popen([*arguments, "--output", "m.json"], stdin=subprocess.PIPE, cwd=tmp_path) as job,
        ExitStack() as held,
    ):
        held.callback(job.kill)  # a followed file has no end
        assert job.stdin
        if not follow:
            job.stdin.write(data.read_bytes())
            job.stdin.flush()
        while not path.exists():
            assert job.poll() is None
            subprocess.run(["sleep", "0.02"], check=True)
        with opened(browser, path) as page:
            # In one step, for the page may load itself anew between two.
            chosen = "() => document.body?.dataset.drawn && stream_signal_report.choose('B').then(() => true)"
            page.wait_for_function(chosen)
            page.wait_for_function(
                """() => {
                    if (!document.body?.dataset.drawn) return false;
                    stream_signal_report.zoom(50, 80, stream_signal_report.groups.key);
                    stream_signal_report.zoom(100, 200);
                    return true;
                }"""
            )
            if follow:
                with data.open("a") as file:
                    file.writelines(lines[600:])
                page.wait_for_function(
                    "() => document.body?.dataset.drawn && stream_signal_report.data.row.length === 900"
                )
                job.terminate()
            else:
                job.stdin.write("".join(lines[600:]).encode())
            job.stdin.close()
            assert job.wait(timeout=60) == 0
            page.wait_for_function("() => document.body?.dataset.drawn && !document.body.dataset.reload")
            assert page.locator("#chosen").inner_text() == "B"
            assert page.evaluate(DRAWN, "buckets")["row"] == list(range(1, 301))
            ranges = "() => ['stream', 'key'].map(name => stream_signal_report.groups[name].ranges[0])"
            assert page.evaluate(f"{ranges}.map(range => [range.start, range.end])") == [[100, 200], [50, 80]]


def test_numbers_beyond_the_floats(tmp_path: Path, browser: Browser) -> None:
    """A close that no float can hold is left out, and the others are drawn."""
    closes = ["1" * 399, "5", "6", "7"]
    with opened(browser, written(tmp_path, closes)) as page:
        assert nothing_as_none(page.evaluate(DRAWN, "buckets")["last"]) == [None, 5, 6, 7]


def test_as_it_runs(tmp_path: Path, browser: Browser) -> None:
    """The page of a running job loads itself anew, keeps the zoom, and stops once the job has ended."""
    path = tmp_path / "report.html"
    arguments = [COMMAND, "--report", path.name, "--every", "0.1", "--output", "m.json"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, cwd=tmp_path) as job:
        assert job.stdin
        job.stdin.write(candle_csv(SHORT))
        job.stdin.flush()
        for _ in range(1000):
            if path.exists():
                break
            assert job.poll() is None
            subprocess.run(["sleep", "0.02"], check=True)
        with opened(browser, path) as page:
            assert page.get_by_role("status").inner_text().startswith("The job is still running")
            page.evaluate(f"stream_signal_report.zoom(...[100, 200].map({PLACE}))")
            job.stdin.write(candle_csv(CLOSES[:600]).removeprefix(candle_csv(CLOSES[:300])))
            job.stdin.close()
            assert job.wait(timeout=60) == 0
            page.wait_for_function("() => document.body?.dataset.drawn && !document.body.dataset.reload")
            assert page.evaluate(DRAWN, "buckets")["row"] == list(range(1, 601))
            assert page.evaluate(RANGES) == [[100, 200]] * 2
