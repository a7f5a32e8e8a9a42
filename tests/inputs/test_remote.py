"""Remote inputs: every byte arrives, from real servers that fail as servers do, or an error says that it did not."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import re
import shlex
import signal
import subprocess
import time
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("s3fs")
import pyarrow as pa

from stream_signal import Config, InputError, run
from stream_signal.inputs.remote import ATTEMPTS, BLOCK_BYTES, RemoteFile
from support.candle_csv import candle_csv
from support.columns import WRITERS
from support.commands import COMMAND, REPOSITORY, metrics_of, run_command, run_in_process, run_script
from support.servers import Proxy, file_server, s3_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.servers import S3, FileServer

CLOSES = [f"{4 + number % 7}.{number % 5}" for number in range(200_000)]
DATA = candle_csv(CLOSES)  # of two blocks
SMALL = candle_csv(CLOSES[:300])


def parquet_of(closes: list[str]) -> bytes:
    """Make a Parquet file of several row groups."""
    file = io.BytesIO()
    times = [1_700_000_000 + 60 * number for number in range(len(closes))]
    WRITERS["parquet"](pa.table({"timestamp": times, "close": list(map(float, closes))}), file, 50_000)
    return file.getvalue()


def zip_of(*files: bytes) -> bytes:
    """Make a zip file of several members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"{number}.csv", data)
    return file.getvalue()


FORMS = {
    "plain": DATA,
    "gzip": gzip.compress(DATA),
    "zip": zip_of(DATA[: DATA.index(b"\n", 10**6) + 1], DATA[DATA.index(b"\n", 10**6) + 1 :]),
    "parquet": parquet_of(CLOSES),
}


@pytest.fixture
def server() -> Iterator[FileServer]:
    """Serve the files over HTTP."""
    with file_server() as server:
        server.files = {f"/{form}": data for form, data in FORMS.items()} | {"/small": SMALL, "/empty": b""}
        yield server


@pytest.fixture
def proxy(server: FileServer) -> Iterator[Proxy]:
    """Stand between the job and the server of files."""
    proxy = Proxy(server.server_port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    """Run an S3 server with the files in a bucket."""
    with s3_server() as server:
        server.put("candles")
        for name, data in FORMS.items():
            server.put(f"candles/{name}", data)
        yield server


@pytest.fixture(scope="module")
def wanted() -> dict[str, object]:
    """Return the metrics of the data."""
    return run(DATA, Config())._replace(latency_ms=0).to_dict()


def opened(url: str) -> closing[RemoteFile]:
    """Open a remote file, which is closed at the end."""
    return closing(RemoteFile(url))


def read_rest(file: RemoteFile) -> bytes:
    """Read an open file to its end, chunk by chunk."""
    return b"".join(iter(lambda: file.read(512 * 1024), b""))


def read_all(url: str) -> bytes:
    """Read a remote file, chunk by chunk."""
    with opened(url) as file:
        return read_rest(file)


def answer_of(url: str) -> dict[str, object]:
    """Return the metrics of a URL."""
    return run(url, Config())._replace(latency_ms=0).to_dict()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", ["announced", "chunked"])
@pytest.mark.parametrize("sends", ["ranges", "one stream"])
def test_a_web_server(form: str, length: str, sends: str, server: FileServer, wanted: dict[str, object]) -> None:
    """A file behind a URL gives the metrics of the file, whatever the server can; Parquet needs ranges."""
    server.has_ranges, server.length = sends == "ranges", length
    if form == "parquet" and length == "chunked":
        with pytest.raises(InputError, match="has to be read from the end of a file"):
            answer_of(f"{server.url}/{form}")
    else:
        assert answer_of(f"{server.url}/{form}") == wanted


@pytest.mark.parametrize("form", FORMS)
def test_s3(form: str, s3: S3, tmp_path: Path, wanted: dict[str, object]) -> None:
    """An object of S3 gives the metrics of the file."""
    done = run_command(f"s3://candles/{form}", cwd=tmp_path, env={**os.environ, **s3.environment()})
    assert metrics_of(done.stdout) == {key: value for key, value in wanted.items() if key != "latency_ms"}
    assert done.stderr == ""


@pytest.mark.parametrize("form", FORMS)
def test_s3_with_cuts(form: str, s3: S3, tmp_path: Path, wanted: dict[str, object]) -> None:
    """Connections to S3 that break in the middle of an object change nothing."""
    proxy = Proxy(s3.port)
    proxy.cuts = [len(FORMS[form]) // 2, 1000, len(FORMS[form]) // 3]
    done = run_command(f"s3://candles/{form}", cwd=tmp_path, env={**os.environ, **s3.environment(proxy.port)})
    assert metrics_of(done.stdout) == {key: value for key, value in wanted.items() if key != "latency_ms"}
    assert proxy.cut == 3
    proxy.close()


def test_s3_that_always_breaks(s3: S3, tmp_path: Path) -> None:
    """If each connection to S3 breaks, the job fails, and counts no part of the object."""
    proxy = Proxy(s3.port)
    proxy.always = BLOCK_BYTES // 2
    done = run_command("s3://candles/plain", cwd=tmp_path, env={**os.environ, **s3.environment(proxy.port)})
    assert done.code == 1
    assert re.fullmatch(r"cannot read 's3://candles/plain': .* \(2 attempts\)", done.record["error_message"])
    proxy.close()


def test_an_object_that_is_replaced(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object of S3 that is replaced while it is read, by one of the same size, is an error."""
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    s3.put("candles/changing", DATA)
    with opened("s3://candles/changing") as file:
        assert file.read(100) == DATA[:100]
        s3.put("candles/changing", DATA[::-1])
        with pytest.raises(InputError, match=r"^cannot read 's3://candles/changing': it changed while it was read$"):
            read_rest(file)


@pytest.mark.parametrize("sends", ["ranges", "one stream"])
def test_cuts(sends: str, server: FileServer, proxy: Proxy) -> None:
    """Connections that break, within a header or a body, are made again: each byte arrives once."""
    server.has_ranges = sends == "ranges"
    proxy.cuts = [100, 2_000_000, 1000, 5_000_000]
    assert read_all(f"{proxy.url}/plain") == DATA
    assert proxy.cut == 4


@pytest.mark.parametrize("sends", ["ranges", "one stream"])
@pytest.mark.parametrize("length", ["announced", "chunked"])
def test_it_always_breaks(length: str, sends: str, server: FileServer, proxy: Proxy, tmp_path: Path) -> None:
    """If each connection breaks, the job fails after a few attempts, and counts no part of the file."""
    server.has_ranges, server.length, proxy.always = sends == "ranges", length, 3_000_000
    done = run_in_process(f"{proxy.url}/plain", cwd=tmp_path)
    assert done.code == 1
    assert done.record["error_message"].startswith(f"cannot read '{proxy.url}/plain': ")
    assert done.record["error_message"].endswith(f"({ATTEMPTS} attempts)")
    assert proxy.cut >= ATTEMPTS


@pytest.mark.parametrize("sends", ["ranges", "one stream"])
@pytest.mark.parametrize("back", [1, len(DATA) - 3_000_000, len(DATA)])
def test_short_bodies(back: int, sends: str, server: FileServer) -> None:
    """A server that announces more bytes than it sends is an error, never a short count."""
    server.keeps_back, server.has_ranges = back, sends == "ranges"
    with pytest.raises(InputError, match=rf"of {len(DATA)} bytes arrived \({ATTEMPTS} attempts\)$"):
        read_all(f"{server.url}/plain")


def test_no_length(server: FileServer, tmp_path: Path) -> None:
    """A server that announces neither a length nor an end is refused: a cut could not be seen."""
    server.length = "close"
    done = run_in_process(f"{server.url}/small", cwd=tmp_path)
    assert done.code == 1
    assert "announces neither its length nor its end" in done.record["error_message"]
    assert done.stderr.endswith("stream-signal: download the file first\n")


@pytest.mark.parametrize("sends", ["ranges", "one stream"])
def test_a_file_that_changes(sends: str, server: FileServer) -> None:
    """A file with another ETag at its end than at its beginning is an error, although its size is the same."""
    server.has_ranges = sends == "ranges"
    with opened(f"{server.url}/plain") as file:
        assert file.read(100) == DATA[:100]
        server.etag = '"2"'
        with pytest.raises(InputError, match=r"it changed while it was read$"):
            read_rest(file)


def test_a_server_that_is_busy(server: FileServer) -> None:
    """Failures that pass are waited for; those that do not are told at once, with their status."""
    server.failures = [503, 503, 429, 429]  # HEAD, then GET
    assert read_all(f"{server.url}/small") == SMALL
    server.failures = [403, 403]
    with pytest.raises(InputError, match=r"the server answered 403 Forbidden$"):
        read_all(f"{server.url}/small")
    assert server.failures == []


def test_blocks(server: FileServer) -> None:
    """A file is read lazily, in blocks of a bounded size, and again only where it is sought."""
    with opened(f"{server.url}/plain") as file:
        assert [asked.method for asked in server.asked] == ["HEAD"]
        file.read(1)
        file.seek(len(DATA) - 10)
        assert (file.read(100), file.read(1)) == (DATA[-10:], b"")
    ranges = [(asked.start, asked.size) for asked in server.asked if asked.method == "GET"]
    assert ranges == [(0, BLOCK_BYTES), (BLOCK_BYTES, BLOCK_BYTES)]


def test_parquet_reads_only_what_is_needed(server: FileServer) -> None:
    """Of a Parquet file, only the blocks with its end and the columns in question are read, each once."""
    count = 300_000
    noise = pa.array([os.urandom(60) for _ in range(count)])
    file = io.BytesIO()
    table = pa.table({"a": noise, "close": [float(number % 7) for number in range(count)], "z": noise})
    WRITERS["parquet"](table, file, count)
    server.files["/wide"] = file.getvalue()
    assert run(f"{server.url}/wide", Config()).rows_processed == count
    starts = [asked.start for asked in server.asked if asked.method == "GET"]
    assert len(starts) == len(set(starts)) < len(file.getvalue()) / BLOCK_BYTES / 2


def test_several(server: FileServer, tmp_path: Path) -> None:
    """URLs and paths are one stream, each is opened in its turn, and an error names its own."""
    (tmp_path / "b.csv").write_bytes(SMALL)
    done = run_in_process(f"{server.url}/small", "b.csv", f"{server.url}/small?part=2", cwd=tmp_path)
    assert done.record["rows_processed"] == 900
    server.asked.clear()
    server.files["/bad"] = SMALL + b"1,2\n"
    done = run_in_process("b.csv", f"{server.url}/bad?token=hush", f"{server.url}/small", cwd=tmp_path)
    assert done.record["error_message"] == f"{server.url}/bad?...: line 302: expected 6 fields, found 2"
    assert {asked.path for asked in server.asked} == {"/bad"}


def test_an_empty_file(server: FileServer) -> None:
    """A remote file without a byte is an empty input."""
    with pytest.raises(Exception, match="found an empty input"):
        run(f"{server.url}/empty", Config())


def test_credentials(server: FileServer, proxy: Proxy, tmp_path: Path) -> None:
    """Neither a password nor a token in a URL comes to the messages, the record, the log, or the checkpoint."""
    url = f"{server.url}/small?token=hush'hush <hush>".replace("://", "://me:hush'hush@")
    missing, broken = url.replace("small", "none"), url.replace(str(server.server_port), str(proxy.port))
    proxy.always = 1000
    log = ("-vv", "--log-file", "run.log")
    shown = ""
    for names, code in (([url], 0), ([url, missing], 1), ([broken], 1), ([url, "--follow"], 1), ([f"{url}#x"], 0)):
        done = run_command(*names, *log, cwd=tmp_path)
        assert done.code == code, done.stderr
        shown += done.stdout.decode() + done.stderr
    done = run_in_process(url, "--manifest", "run.json", "--output", "m.json", *log, cwd=tmp_path)
    assert done.code == 0, done.stderr
    shown += done.stderr + (tmp_path / "run.json").read_text() + (tmp_path / "m.json").read_text()
    done = run_command(url, "--checkpoint", "c.json", *log, cwd=tmp_path)
    described = run_command("checkpoint", "c.json", cwd=tmp_path)
    shown += done.stdout.decode() + done.stderr + described.stdout.decode()
    shown += (tmp_path / "run.log").read_text() + (tmp_path / "c.json").read_text()
    assert "127.0.0.1" in shown
    assert "hush" not in shown


@pytest.mark.parametrize("form", ["plain", "gzip"])
@pytest.mark.parametrize("sends", ["ranges", "one stream"])
def test_checkpoint(form: str, sends: str, server: FileServer, tmp_path: Path) -> None:
    """A remote file that has grown is continued where the last job ended; a changed one is refused."""
    server.has_ranges = sends == "ranges"
    half = DATA.rindex(b"\n", 0, len(DATA) - 100_000) + 1
    packed: Callable[[bytes], bytes] = gzip.compress if form == "gzip" else bytes
    arguments = (f"{server.url}/f", "--checkpoint", "c.json")
    server.files["/f"] = packed(DATA[:half])
    assert run_in_process(*arguments, cwd=tmp_path).record["rows_processed"] == DATA[:half].count(b"\n") - 1
    server.files["/f"], server.etag = packed(DATA), '"2"'
    server.asked.clear()
    assert run_in_process(*arguments, cwd=tmp_path).record["rows_processed"] == 200_000
    server.files["/f"] = packed(DATA.replace(b"4.0", b"5.0"))
    done = run_in_process(*arguments, cwd=tmp_path)
    wanted = rf"checkpoint 'c.json': '{re.escape(server.url)}/f', of \d+ bytes, no longer begins with the .*"
    assert re.fullmatch(wanted, done.record["error_message"])


def test_a_resumed_job_skips_blocks(server: FileServer, tmp_path: Path) -> None:
    """A job that resumes asks a server for the beginning of the file, to know it again, and for what is new."""
    data = candle_csv(CLOSES * 2)
    server.files["/f"] = data[: data.rindex(b"\n", 0, len(data) - 100_000) + 1]
    run_in_process(f"{server.url}/f", "--checkpoint", "c.json", cwd=tmp_path)
    server.files["/f"], server.etag = data, '"2"'
    server.asked.clear()
    done = run_in_process(f"{server.url}/f", "--checkpoint", "c.json", cwd=tmp_path)
    assert done.record["rows_processed"] == 400_000
    assert {asked.start for asked in server.asked if asked.method == "GET"} == {0, 2 * BLOCK_BYTES}


def test_what_a_url_cannot(server: FileServer, tmp_path: Path) -> None:
    """A URL cannot be followed, nor read from its end; a Parquet file behind one has no checkpoints."""
    url = f"{server.url}/small"
    for arguments, message in (
        (("--follow",), f"cannot follow '{url}': it is a URL"),
        (("--newest-first",), f"cannot read '{url}' from its end (newest first): it is a URL"),
    ):
        assert run_in_process(url, *arguments, cwd=tmp_path).record["error_message"] == message
    done = run_in_process(f"{server.url}/parquet", "--checkpoint", "c.json", cwd=tmp_path)
    assert "with a checkpoint: no job can continue in the middle of Parquet" in done.record["error_message"]


@pytest.mark.parametrize("form", ["plain", "gzip", "zip", "parquet"])
def test_stopped_while_it_waits(form: str, server: FileServer, tmp_path: Path) -> None:
    """A stop signal ends a job at once that waits for a server, whatever it is reading."""
    server.stalls_after = 10_000
    with subprocess.Popen([COMMAND, f"{server.url}/{form}"], cwd=tmp_path, stdout=subprocess.PIPE) as process:
        while not any(asked.method == "GET" for asked in server.asked):
            time.sleep(0.01)
        time.sleep(0.2)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1/a", r"Connect call failed.*\(5 attempts\)"),
        ("nope://host/a", "Protocol not known: nope"),
        ("file:///no/such/file", "it does not exist"),
        ("file:///", "it is a folder"),
        ("dir://a", "fsspec needs more than the URL to open dir://"),
        ("reference://a", "fsspec needs more than the URL to open reference://"),
    ],
)
def test_no_such_place(url: str, message: str) -> None:
    """What cannot be opened is an InputError with the reason, which survives pickling."""
    with pytest.raises(InputError, match=message) as found:
        RemoteFile(url)
    assert str(pickle.loads(pickle.dumps(found.value))) == str(found.value)


@pytest.mark.parametrize(
    ("target", "asked", "message"),
    [
        ("/here", 20, "the server redirects without end"),
        ("file:///etc/passwd?token=1", 2, "the server redirects to what is no address of a web server"),
        ("http://[::/", 2, "the server redirects to what is no address of a web server"),
    ],
)
def test_a_redirect_to_nowhere(target: str, asked: int, message: str, server: FileServer) -> None:
    """A redirect that leads nowhere is an error at once, which does not show where."""
    server.redirects["/here"] = target
    with pytest.raises(InputError) as found:
        RemoteFile(f"{server.url}/here")
    assert str(found.value) == f"cannot read '{server.url}/here': {message}"
    assert len(server.asked) == asked  # one attempt: HEAD, and GET in its place, ten times if they redirect to us


def test_a_redirect(server: FileServer, wanted: dict[str, object]) -> None:
    """A file that has moved is read where it is now."""
    server.files["/there"] = DATA
    server.redirects["/here"] = "/there"
    assert answer_of(f"{server.url}/here") == wanted


def test_a_file_url(tmp_path: Path, wanted: dict[str, object]) -> None:
    """file:// is a path, too."""
    (tmp_path / "a.csv").write_bytes(DATA)
    assert answer_of(f"file://{tmp_path}/a.csv") == wanted


WITHOUT = """
import sys
from stream_signal.__main__ import main
sys.modules[sys.argv.pop(1)] = None
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("package", "name", "installed"),
    [
        ("fsspec", "https://example.com/a.csv", "stream-signal[http]"),
        ("aiohttp", "https://example.com/a.csv", "stream-signal[http]"),
        ("s3fs", "s3://bucket/a.csv", "stream-signal[s3]"),
        ("gcsfs", "gs://bucket/a.csv", "stream-signal[gs]"),
        ("fsspec", "webdav://example.com/a.csv", "fsspec"),
        ("pyarrow", "a.parquet", "stream-signal[arrow]"),
        ("pyarrow", "--signals=s.parquet", "stream-signal[arrow]"),
    ],
)
def test_a_missing_package(package: str, name: str, installed: str, tmp_path: Path) -> None:
    """Without the package that it needs, the job says what to install."""
    (tmp_path / "a.parquet").write_bytes(FORMS["parquet"])
    done = run_script(WITHOUT, package, name, cwd=tmp_path)
    assert done.code == 1
    assert package in done.record["error_message"]
    assert shlex.split(done.stderr.splitlines()[1]) == ["stream-signal:", "pip", "install", installed]


def test_the_guide(s3: S3, server: FileServer, tmp_path: Path) -> None:
    """Every command of the guide works as written, once its server is one of the loopback."""
    guide = (REPOSITORY / "docs" / "how-to" / "read-remote-files.md").read_text()
    scripts = "".join(re.findall(r"```bash\n(.*?)```", guide, re.DOTALL)).splitlines()
    assert len(scripts) > 5
    seconds = 60 * SMALL.count(b"\n")
    later = re.sub(rb"^\d+", lambda time: b"%d" % (int(time[0]) + seconds), SMALL, flags=re.MULTILINE)
    for name, data in (("jan.csv", SMALL), ("jan.csv.gz", gzip.compress(SMALL)), ("feb.csv", later)):
        server.files[f"/{name}"] = data
        s3.put(f"candles/{name}", data)
    environment = {**os.environ, **s3.environment(), "PATH": f"{os.path.dirname(COMMAND)}:{os.environ['PATH']}"}
    for script in scripts:
        if "ANON" in script:
            for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                environment.pop(key)
        local = script.replace("AWS_ENDPOINT_URL=https://example.com", f"AWS_ENDPOINT_URL={s3.url} FSSPEC_S3_ANON=true")
        command = ["bash", "-c", local.replace("https://example.com", server.url)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, b""), script
