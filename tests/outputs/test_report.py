"""The page of --report: what is in it, that it needs nothing else, and where it goes."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import subprocess
import sys
import time
import zipfile
import zlib
from base64 import b64decode
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("bokeh")

from stream_signal import Config, SignalStream
from stream_signal.core.limits import Tuning
from stream_signal.core.observers.overview import Overview
from stream_signal.outputs.report import data_of
from support.candle_csv import candle_csv
from support.commands import COMMAND, run_command, run_in_process
from support.keyed_files import market

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = random.Random(11)
CLOSES = [f"{RANDOM.randrange(4_200_000, 4_210_000) / 100:.2f}" for _ in range(300)]
MANY = [f"{RANDOM.randrange(4_200_000, 4_210_000) / 100:.2f}" for _ in range(10_000)]
MEGABYTE = 1024 * 1024


class Text(HTMLParser):
    """Collects the text of a page by the section that it is in, and the addresses that the page loads from."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.addresses: list[str] = []
        self.title = ""
        self._section = self._tag = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        found = dict(attrs)
        if tag in {"section", "table", "dl", "h1"}:
            self._section = found.get("id") or self._section if tag == "section" else self._section or tag
        self.addresses += [found[name] or "" for name in ("src", "href", "srcset", "action") if name in found]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag not in {"script", "style"}:
            self.sections[self._section] = self.sections.get(self._section, "") + data + " "
        if self._tag == "title":
            self.title += data


def overview_in(page: Path) -> dict[str, Any]:
    """Read the numbers of the charts out of a page."""
    (found,) = re.findall(r'<script type="application/json" id="overview">(.*?)</script>', page.read_text())
    data: dict[str, Any] = json.loads(found)
    return data


def unpacked(page: Path, name: str) -> Any:
    """Read numbers of the keys out of a page."""
    (found,) = re.findall(rf'<script type="text/plain" id="{name}">(.*?)</script>', page.read_text())
    return json.loads(zlib.decompress(b64decode(found)))


def many_keys(keys: int, rows: int) -> bytes:
    """Make candles of many keys, each row of one drawn at random."""
    drawn = random.Random(4)
    return market(
        (f"{drawn.getrandbits(30):X}{at % keys}", f"{drawn.randrange(10**6) / 100:.2f}") for at in range(rows)
    )


def test_what_it_shows(tmp_path: Path) -> None:
    """The page has the metrics, the doubts, the repairs, the flat stretches, the settings and the inputs."""
    closes = [*CLOSES[:100], "", "x", *["7.50"] * 40]
    (tmp_path / "a&b.csv").write_bytes(candle_csv(closes))
    done = run_in_process("a&b.csv", "--report", "r.html", "--bad-rows", "missing", "--window", "4", cwd=tmp_path)
    page = Text((tmp_path / "r.html").read_text())
    assert page.title == "Signal rate of a&b.csv"
    everything = " ".join(page.sections.values())
    assert repr(done.record["value"]) in everything
    assert (
        f"{100 * done.record['value']:.2f} % of 142 rows closed above the mean of the last 4, from 2023-11-14"
        in everything
    )
    assert "1 of 142 rows (0.704 %) could not be read and count without a close" in page.sections["doubts"]
    assert "missing closes: 1 (line 102)" in page.sections["repairs"]
    assert "40 rows at 7.5, from row 103 (1700006120)" in page.sections["flats"]
    assert re.search(r"window 4\s", page.sections["settings"])
    assert re.search(rf"a&b.csv +{len(candle_csv(closes)):,}", page.sections["inputs"])


def test_in_words(tmp_path: Path) -> None:
    """What was found stands first and what went on last, with separators; what there is none of is said in words."""
    (tmp_path / "data.csv").write_bytes(candle_csv(MANY))
    done = run_in_process("data.csv", "--no-config", "--report", "r.html", cwd=tmp_path)
    page = (tmp_path / "r.html").read_text()
    whole = " ".join(" ".join(Text(page).sections.values()).split())
    rate = f"{100 * done.record['value']:.2f} %"
    assert f"Signal rate of data.csv {rate} of 10,000 rows closed above the mean of the last 5, from " in whole
    for text in (
        "No doubts.",
        "rows 10,000",
        "missing time none",
        "All settings have their defaults.",
        "nothing was repaired",
    ):
        assert text in whole
    places = [page.index(text) for text in ("closed above", 'id="doubts"', 'class="numbers"', 'id="price"', "<footer>")]
    assert places == sorted(places)
    foot = page.partition("<footer>")[2].partition("</footer>")[0]
    assert re.match(r"version v1 · seed 42 · latency [\d,]+ ms · job ended, .* · written by stream-signal", foot)


def test_the_settings_that_differ(tmp_path: Path) -> None:
    """The settings that differ from the defaults stand first, and the others are folded up below them."""
    arguments = ("--report", "r.html", "--no-config", "--window", "7", "--bad-rows", "missing")
    assert run_in_process(*arguments, stdin=candle_csv(CLOSES), cwd=tmp_path).code == 0
    settings = (tmp_path / "r.html").read_text().partition('id="settings"')[2].partition("</section>")[0]
    first, _, others = settings.partition("<details>")
    assert re.findall(r'<th scope="row">(\w+)', first) == ["window", "bad_rows"]
    assert 'scope="row">seed' in others


def test_a_doubt_stands_first(tmp_path: Path) -> None:
    """Doubts are a banner above what was found, and no line of one without any."""
    assert run_in_process("--report", "r.html", "--window", "9", stdin=candle_csv(["1", "2"]), cwd=tmp_path).code == 0
    page = (tmp_path / "r.html").read_text()
    assert "<h2>Doubts</h2>" in page.partition('class="numbers"')[0]
    assert "No doubts" not in page


def test_an_archive_is_named_once(tmp_path: Path) -> None:
    """The title names an archive, and not a member that repeats its name."""
    with zipfile.ZipFile(tmp_path / "BTC-2024.zip", "w") as archive:
        archive.writestr("BTC-2024.csv", candle_csv(CLOSES))
    assert run_in_process("BTC-2024.zip", "--report", "r.html", cwd=tmp_path).code == 0
    assert Text((tmp_path / "r.html").read_text()).title == "Signal rate of BTC-2024.zip"


def test_nothing_is_loaded(tmp_path: Path) -> None:
    """The page has all it needs in it: no address, but an empty icon."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES))
    assert run_in_process("data.csv", "--report", "r.html", cwd=tmp_path).code == 0
    text = (tmp_path / "r.html").read_text()
    assert Text(text).addresses == ["data:,"]
    assert not re.findall(r"@import|url\(", text.partition("</style>")[0])


def test_the_same_from_file_and_pipe(tmp_path: Path) -> None:
    """The data of the charts is the same, byte for byte, from a file, a pipe in pieces, and with jobs."""
    (tmp_path / "data.csv").write_bytes(data := candle_csv(MANY))
    assert run_in_process("data.csv", "--report", "file.html", cwd=tmp_path).code == 0
    assert run_in_process("data.csv", "--report", "jobs.html", "--jobs", "2", cwd=tmp_path).code == 0
    job = subprocess.Popen(
        [COMMAND, "--report", "pipe.html"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    )
    assert job.stdin
    for start in range(0, len(data), 99_991):
        job.stdin.write(data[start : start + 99_991])
        job.stdin.flush()
    job.communicate()
    overview = Overview()
    stream = SignalStream(Config(), [overview], tuning=Tuning("rows"))
    stream.feed(data)
    wanted = data_of(overview, overview.columns(), [5])
    assert 1024 < len(json.loads(wanted)["start"]) <= 2048
    for name in ("file", "jobs", "pipe"):
        assert f'id="overview">{wanted}</script>' in (tmp_path / f"{name}.html").read_text()


def test_jobs(tmp_path: Path) -> None:
    """The charts, the flat stretches and the rates of several processes are those of one."""
    drawn = random.Random(5)
    rows = [(f"S{drawn.randrange(90)}", drawn.choice(["4.58", "4.59", "5", ""])) for _ in range(100_000)]
    (tmp_path / "data.csv").write_bytes(market(rows, lambda at: 1_700_000_000 + 7 * at))
    for arguments in (["--key", "symbol", "--window", "9,3"], ["--key", "none"]):
        for jobs in "12":
            outputs = ["--report", f"{jobs}.html", "--rates", f"{jobs}.csv", "--by", "day", "--output", f"{jobs}.json"]
            log = ["--log-file", f"{jobs}.log", "--quiet"]
            assert run_command("data.csv", *arguments, *outputs, *log, "--jobs", jobs, cwd=tmp_path).code == 0
        assert "range read here" not in (tmp_path / "2.log").read_text()
        one, two = ((tmp_path / f"{jobs}.html").read_text() for jobs in "12")
        for data in (r'id="overview">.*?<', r'id="key_charts_data">.*?<', r'(?s)<section id="flats">.*?</section>'):
            assert re.findall(data, one) == re.findall(data, two)
        assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


@pytest.mark.parametrize("key", ["none", "symbol"])
def test_of_parquet(key: str, tmp_path: Path) -> None:
    """The charts of a Parquet file are those of the CSV with its rows."""
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    drawn = random.Random(4)
    seconds = [1_700_000_000 + 60 * at + 86_400 * (at > 9_000) for at in range(20_000)]
    table = {
        "time": pa.array(seconds, pa.timestamp("s")),
        "symbol": [f"S{drawn.randrange(3)}" for _ in seconds],
        "close": [drawn.choice([None, 4.58, 4.59, 5.0, drawn.random()]) for _ in seconds],
    }
    parquet.write_table(pa.table(table), tmp_path / "data.parquet")
    times = (datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000") for second in seconds)
    lines = zip(times, table["symbol"], table["close"], strict=True)
    rows = "".join(f"{time},{symbol},{'' if close is None else close}\n" for time, symbol, close in lines)
    (tmp_path / "data.csv").write_text(f"time,symbol,close\n{rows}")
    for name in ("parquet", "csv"):
        arguments = (f"data.{name}", "--key", key, "--report", f"{name}.html", "--quiet")
        assert run_in_process(*arguments, cwd=tmp_path).code == 0
    one, other = ((tmp_path / f"{name}.html").read_text() for name in ("parquet", "csv"))
    for data in (r'id="overview">.*?<', r'id="key_charts_data">.*?<', r'(?s)<section id="flats">.*?</section>'):
        assert re.findall(data, one) == re.findall(data, other)


def test_it_is_small(tmp_path: Path) -> None:
    """A page of as many buckets as there can be, with three windows, has at most 1.5 MB."""
    (tmp_path / "data.csv").write_bytes(candle_csv(MANY[:2048]))
    assert run_in_process("data.csv", "--report", "r.html", "--window", "5,20,60", cwd=tmp_path).code == 0
    assert len(overview_in(tmp_path / "r.html")["row"]) == 2048
    assert os.path.getsize(tmp_path / "r.html") < 1.5 * MEGABYTE


def test_the_table(tmp_path: Path) -> None:
    """What the charts show is there as a table, for those who cannot see them."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES))
    assert run_in_process("data.csv", "--report", "r.html", cwd=tmp_path).code == 0
    table, _ = re.findall(r"<details>.*?</details>", (tmp_path / "r.html").read_text(), re.DOTALL)
    lines = [re.split("<t[hd][^>]*>", line)[1:] for line in table.split("<tr>")[2:]]
    assert [line[0].strip() for line in lines] == [str(number) for number in range(1, 301)]
    assert [Decimal(line[5]) for line in lines] == [Decimal(close) for close in CLOSES]


def test_text_is_never_html(tmp_path: Path) -> None:
    """What stands in the input is text on the page: it cannot end a script, begin a tag, or name a part of the page."""
    evil = "</script><script>alert(1)</script>{{bokeh}}"
    text = f"symbol,time,close\n{evil},{evil},x\n{evil},{evil},5\n"
    (tmp_path / "<b>.csv").write_text(text)
    arguments = ("--key", "symbol", "--bad-rows", "missing", "--max-bad", "1", "--window", "1")
    assert run_in_process("<b>.csv", "--report", "r.html", *arguments, cwd=tmp_path).code == 0
    page = (tmp_path / "r.html").read_text()
    assert "<script>alert" not in page
    assert Text(page).title == "Signal rate of <b>.csv"
    assert "{{bokeh}}" in Text(page).sections["keys"]
    assert overview_in(tmp_path / "r.html")["time"] == [evil] * 2


def test_keys(tmp_path: Path) -> None:
    """With keys the page has their rates, the highest first, and the rate of all rows, but no price of all rows."""
    closes = {"BTC": ["1", "2", "3"], "ETH": ["3", "2", "1"], "SOL": ["1", "2", "1"]}
    lines = [f"{key},{60 * at},{closes[key][at]}\n" for at in range(3) for key in closes]
    (tmp_path / "data.csv").write_text("symbol,time,close\n" + "".join(lines))
    arguments = ("--key", "symbol", "--window", "2,1")
    assert run_in_process("data.csv", "--report", "r.html", *arguments, cwd=tmp_path).code == 0
    page = Text((tmp_path / "r.html").read_text())
    assert re.findall(r"(BTC|ETH|SOL) +(\S+ %) +3 +(\d)", page.sections["keys"]) == [
        ("BTC", "66.67 %", "2"),
        ("SOL", "33.33 %", "1"),
        ("ETH", "0.00 %", "0"),
    ]
    data = overview_in(tmp_path / "r.html")
    assert (data["signals"], "first" in data) == ([[0, 2, 1], [0, 0, 0]], False)


def test_charts_of_keys(tmp_path: Path) -> None:
    """The charts of the first 50 keys are the same, byte for byte, from a file, a pipe, and after a checkpoint."""
    drawn = random.Random(9)
    lines = [f"S{drawn.randrange(60)},{60 * at},{drawn.randrange(10**6) / 100:.2f}\n" for at in range(18_000)]
    text = "symbol,time,close\n" + "".join(lines)
    (tmp_path / "data.csv").write_text(text)
    arguments = ("--key", "symbol", "--quiet", "--report")
    assert run_in_process("data.csv", *arguments, "file.html", cwd=tmp_path).code == 0
    assert run_in_process(*arguments, "pipe.html", stdin=text.encode(), cwd=tmp_path).code == 0
    (tmp_path / "data.csv").write_text("symbol,time,close\n" + "".join(lines[:7000]))
    for _ in range(2):
        resumed = run_in_process("data.csv", *arguments, "resumed.html", "--checkpoint", "state.json", cwd=tmp_path)
        assert resumed.code == 0
        (tmp_path / "data.csv").write_text(text)
    charts = unpacked(tmp_path / "file.html", "key_charts_data")
    keys = list(dict.fromkeys(line.partition(",")[0] for line in lines))
    assert [chart["key"] for chart in charts] == keys[:50]
    assert {chart["in_each"] for chart in charts} <= {"11 min 15 s", "22 min 30 s", "45 min"}
    assert sum(sum(chart["rows"]) for chart in charts) == sum(line.partition(",")[0] in keys[:50] for line in lines)
    for name in ("key_charts_data", "keys_data"):
        (wanted,) = re.findall(rf'id="{name}">.*?</script>', (tmp_path / "file.html").read_text())
        assert wanted in (tmp_path / "pipe.html").read_text()
        assert wanted in (tmp_path / "resumed.html").read_text()


def test_all_keys(tmp_path: Path) -> None:
    """The page has the rows and the signals of all keys, for each window."""
    arguments = ("--key", "symbol", "--quiet", "--window", "2,3", "--report", "r.html", "--keys-output", "keys.csv")
    done = run_in_process(*arguments, stdin=many_keys(1000, 4000), cwd=tmp_path)
    assert done.code == 0
    found = unpacked(tmp_path / "r.html", "keys_data")
    lines = [line.split(",") for line in (tmp_path / "keys.csv").read_text().splitlines()[1:]]
    assert found["of"] == len(lines) == done.record["keys"]
    counts = {line[0]: (int(line[1]), int(line[2])) for line in lines}
    names, rows, signals, _ = found["keys"]
    assert dict(zip(names, zip(rows, signals, strict=True), strict=True)) == counts


def test_many_keys(tmp_path: Path) -> None:
    """A page has room for 100,000 keys with names of a dozen characters, in 3 MB."""
    keys = 100_000
    arguments = ("--key", "symbol", "--quiet", "--report", "r.html", "--keys-output", "keys.csv")
    assert run_in_process(*arguments, stdin=many_keys(keys, keys), cwd=tmp_path).code == 0
    found = unpacked(tmp_path / "r.html", "keys_data")
    assert (found["of"], len(found["keys"][0])) == (keys, keys)
    assert os.path.getsize(tmp_path / "r.html") <= 3 * MEGABYTE


def test_too_many_keys(tmp_path: Path) -> None:
    """A page of more keys than it has room for uses its 3 MB for those of the highest rates, and counts them all."""
    drawn = random.Random(8)
    # Names that are long and cannot be compressed: a few of them take the room of many others.
    keys = [f"{drawn.getrandbits(1600):0400X}" for _ in range(8_000)]
    rows = [f"{key},{close}\n" for close in "12" for key in keys if close == "1" or drawn.random() < 0.5]
    stdin = ("symbol,close\n" + "".join(rows)).encode()
    arguments = ("--key", "symbol", "--quiet", "--report", "r.html", "--keys-output", "keys.csv", "--window", "2")
    assert run_in_process(*arguments, stdin=stdin, cwd=tmp_path).code == 0
    with (tmp_path / "keys.csv").open() as file:
        counts = list(csv.DictReader(file))
    found = unpacked(tmp_path / "r.html", "keys_data")
    ranked = sorted(counts, key=lambda each: (-float(each["value"]), each["key"]))
    shown = len(found["keys"][0])
    assert found["of"] == len(counts) > shown
    assert found["keys"][0] == [each["key"] for each in ranked[:shown]]
    assert 2.5 * MEGABYTE < os.path.getsize(tmp_path / "r.html") <= 3 * MEGABYTE


def test_the_charts_of_keys_are_small(tmp_path: Path) -> None:
    """A page of 50 keys with as many buckets as there can be has at most 3 MB."""
    lines = [f"S{at % 50},2024-01-01T00:00:{at % 60:02}.{at:06}Z,{RANDOM.random()}\n" for at in range(50 * 256)]
    stdin = ("symbol,time,close\n" + "".join(lines)).encode()
    done = run_in_process("--key", "symbol", "--quiet", "--report", "r.html", stdin=stdin, cwd=tmp_path)
    assert done.code == 0
    assert all(set(chart["rows"]) == {1} for chart in unpacked(tmp_path / "r.html", "key_charts_data"))
    assert os.path.getsize(tmp_path / "r.html") < 3 * MEGABYTE


def test_after_a_checkpoint(tmp_path: Path) -> None:
    """A job that is continued shows all rows, as if it had not stopped; its checkpoint has what the page needs."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES))
    assert run_in_process("data.csv", "--report", "whole.html", cwd=tmp_path).code == 0
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES[:120]))
    arguments = ("data.csv", "--report", "r.html", "--checkpoint", "state.json")
    assert run_in_process(*arguments, cwd=tmp_path).code == 0
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES))
    assert run_in_process(*arguments, cwd=tmp_path).code == 0
    assert overview_in(tmp_path / "r.html") == overview_in(tmp_path / "whole.html")


def test_as_it_runs(tmp_path: Path) -> None:
    """With --every the page of a running job says so, and is replaced until the job ends."""
    arguments = [COMMAND, "--report", "r.html", "--every", "0.05", "--output", "m.json"]
    data, head = candle_csv(CLOSES), candle_csv(CLOSES[:100])
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, cwd=tmp_path) as job:
        assert job.stdin
        job.stdin.write(head)
        job.stdin.flush()
        page = tmp_path / "r.html"
        while not page.exists() or len(overview_in(page)["row"]) < 100:
            time.sleep(0.01)
            assert job.poll() is None
        assert 'data-reload="0.05"' in page.read_text()
        assert "The job is still running" in Text(page.read_text()).sections["h1"]
        job.stdin.write(data.removeprefix(head))
        job.stdin.close()
        assert job.wait(timeout=60) == 0
    assert 'data-reload=""' in page.read_text()
    assert "job ended, all rows are counted" in page.read_text()
    assert len(overview_in(page)["row"]) == 300


def test_a_failure_leaves_the_old_page(tmp_path: Path) -> None:
    """A job that fails writes no page; one that cannot write it is told so before anything is read."""
    (tmp_path / "r.html").write_text("old")
    assert run_in_process("--report", "r.html", stdin=b"close\n1\nx\n", cwd=tmp_path).code == 1
    assert (tmp_path / "r.html").read_text() == "old"
    done = run_in_process("--report", "none/r.html", stdin=candle_csv(CLOSES), cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, "cannot write 'none/r.html': there is no folder 'none'")
    assert sorted(os.listdir(tmp_path)) == ["r.html"]


def test_it_overwrites_nothing(tmp_path: Path) -> None:
    """A report with the name of an input is refused."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES))
    done = run_in_process("data.csv", "--report", "data.csv", cwd=tmp_path)
    assert (done.code, "would overwrite an input" in done.stderr) == (2, True)


def test_without_bokeh(tmp_path: Path) -> None:
    """Without the extra, the error says what to install."""
    script = (
        "import importlib.util, sys; found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'bokeh' else found(name, *more)\n"
        "from stream_signal.command.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--report", "r.html"],
        input=b"close\n1\n",
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.decode() == (
        "stream-signal: a report needs Bokeh's JavaScript\nstream-signal: pip install 'stream-signal[view]'\n"
    )


@pytest.mark.parametrize("closes", [["1"], ["", ""], ["1" * 390, "-" + "9" * 399, "0"] * 3], ids=len)
def test_odd_streams(closes: list[str], tmp_path: Path) -> None:
    """A page is made of one row, of rows without a close, and of numbers beyond the floats."""
    assert run_in_process("--report", "r.html", "--quiet", stdin=candle_csv(closes), cwd=tmp_path).code == 0
    assert overview_in(tmp_path / "r.html")["last"] == [close or None for close in closes]
