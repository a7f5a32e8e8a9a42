"""Compressed files and pipes: the answer of what is in them, or an error."""

from __future__ import annotations

import gzip
import json
import lzma
import random
import signal
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from stream_signal import Config, InputError, run
from support.archives import COMPRESSORS
from support.candle_csv import CLOSES, candle_csv
from support.commands import COMMAND, metrics_of, run_command, run_in_process, run_script
from support.memory import MEGABYTE, peak_memory
from support.oracle import count

if TYPE_CHECKING:
    from pathlib import Path

DATA = candle_csv(CLOSES)
ANSWER = count(CLOSES, 5)
PARTS = [DATA[:1], DATA[1:100], b"", DATA[100:5000], DATA[5000:]]
every_format = pytest.mark.parametrize("name", COMPRESSORS)


def answer(path: Path) -> tuple[int, float]:
    """Run the job on a file; return rows and signals."""
    metrics = run(path, Config())
    return metrics.rows_processed, round(metrics.value * metrics.rows_processed)


def refusal(path: Path) -> str:
    """Run the job on a file that is refused; return the message without the path."""
    with pytest.raises(InputError) as refused:
        run(path, Config())
    return str(refused.value).removeprefix(f"cannot read {str(path)!r}: ")


@every_format
def test_by_file_and_by_pipe(name: str, folder: Path) -> None:
    """A file, a pipe and a redirected file of one stream give the metrics of the CSV, whatever the file is called."""
    plain = metrics_of(run_command("data.csv", cwd=folder).stdout)
    packed = COMPRESSORS[name]((folder / "data.csv").read_bytes())
    (folder / "data.csv").write_bytes(packed)
    assert metrics_of(run_command("data.csv", cwd=folder).stdout) == plain
    assert metrics_of(run_command(stdin=packed, cwd=folder).stdout) == plain
    with (folder / "data.csv").open("rb") as file:
        done = subprocess.run([COMMAND], stdin=file, cwd=folder, capture_output=True, check=True)
    assert metrics_of(done.stdout) == plain


@every_format
def test_many_streams(name: str, tmp_path: Path) -> None:
    """Streams one after another, one of them empty, are one input, as after `cat a.gz b.gz`."""
    (tmp_path / "data").write_bytes(b"".join(map(COMPRESSORS[name], PARTS)))
    assert answer(tmp_path / "data") == ANSWER


@every_format
def test_a_pipe_brings_single_bytes(name: str, tmp_path: Path) -> None:
    """The format is known, and the answer is the same, if the first bytes come one at a time."""
    packed = COMPRESSORS[name](DATA)
    with subprocess.Popen([COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path, bufsize=0) as process:
        assert process.stdin
        assert process.stdout
        for byte in packed[:20]:
            process.stdin.write(bytes([byte]))
            time.sleep(0.002)
        process.stdin.write(packed[20:])
        process.stdin.close()
        assert metrics_of(process.stdout.read())["rows_processed"] == len(CLOSES)


@pytest.mark.parametrize("header", ["BZ", "P", "(", "PK"])
def test_a_header_that_begins_like_a_format(header: str, tmp_path: Path) -> None:
    """CSV that shares its first letters with a format is CSV, by file and by pipe, also if there is nothing else."""
    text = f"{header}id,close\n1,2\n"
    (tmp_path / "data.csv").write_text(text)
    for done in run_in_process("data.csv", cwd=tmp_path), run_in_process(stdin=text.encode(), cwd=tmp_path):
        assert done.record["rows_processed"] == 1
    assert run_in_process(stdin=header.encode(), cwd=tmp_path).record["error_message"].startswith("Missing required")


@every_format
def test_cut_anywhere(name: str, tmp_path: Path) -> None:
    """A file that is cut off after any of its bytes is an error, however many rows there were before."""
    packed = COMPRESSORS[name](DATA[:2000])
    for length in range(6, len(packed)):
        (tmp_path / "data").write_bytes(packed[:length])
        assert refusal(tmp_path / "data") == f"its {name} data ends too early, at byte {length}"


@every_format
def test_cut_in_the_second_stream(name: str, tmp_path: Path) -> None:
    """A cut is an error in any stream; at a byte where no stream is known yet, what is found is said."""
    first, second = COMPRESSORS[name](DATA), COMPRESSORS[name](candle_csv(CLOSES))
    for length in range(1, len(second)):
        (tmp_path / "data").write_bytes(first + second[:length])
        assert refusal(tmp_path / "data").startswith((f"its {name} data ends too early", "expected the end, or more"))


@every_format
def test_a_damaged_byte(name: str, tmp_path: Path) -> None:
    """A damaged byte is an error, or changes nothing, as one in the header of gzip that no reader needs."""
    packed = COMPRESSORS[name](DATA)
    chance = random.Random(1)
    outcomes = []
    for at in range(6, len(packed), 7):
        damaged = packed[:at] + bytes([packed[at] ^ 1 << chance.randrange(8)]) + packed[at + 1 :]
        (tmp_path / "data").write_bytes(damaged)
        with suppress(InputError):
            outcomes.append(answer(tmp_path / "data"))
    assert set(outcomes) <= {ANSWER}
    assert len(outcomes) < len(packed) / 7 / 10


def test_a_wrong_checksum(tmp_path: Path) -> None:
    """The rows are all there, and their checksum or their number of bytes is not: an error."""
    packed = gzip.compress(DATA)
    for at, why in ((-8, "incorrect data check"), (-1, "incorrect length check")):
        damaged = bytearray(packed)
        damaged[at] ^= 1
        (tmp_path / "data.gz").write_bytes(damaged)
        assert why in refusal(tmp_path / "data.gz")


@every_format
@pytest.mark.parametrize("rest", [b"x", b"\x00x", DATA[:50], b"\x1f", gzip.compress(b"close\n")[:1] + b"x"])
def test_something_else_follows(name: str, rest: bytes, tmp_path: Path) -> None:
    """Bytes after the last stream that begin no other are an error, which shows them and says where they are."""
    packed, padding = COMPRESSORS[name](DATA), b"\x00" if name in {"gzip", "xz"} else b""
    (tmp_path / "data").write_bytes(packed + rest)
    message = refusal(tmp_path / "data")
    assert message.startswith(
        f"expected the end, or more {name} data, after byte {len(packed + rest) - len(rest.lstrip(padding))}"
    )
    done = run_command(stdin=packed + rest, cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, f"cannot read stdin: {message}")


def test_padding(tmp_path: Path) -> None:
    """Zeros after gzip, as a tape adds them, and after xz are no data; another stream may follow them."""
    for name in ("gzip", "xz"):
        first, second = (COMPRESSORS[name](data) for data in (DATA[:1000], DATA[1000:]))
        for padding in (bytes(4), bytes(100_000)):
            (tmp_path / "data").write_bytes(first + padding + second + padding)
            assert answer(tmp_path / "data") == ANSWER


def test_a_frame_to_skip(tmp_path: Path) -> None:
    """Zstandard may have frames with other data, also before the first one, as pzstd writes them."""
    skipped = b"\x51*M\x18\x04\x00\x00\x00size"
    (tmp_path / "data.zst").write_bytes(skipped + COMPRESSORS["Zstandard"](DATA) + skipped)
    assert answer(tmp_path / "data.zst") == ANSWER


@every_format
def test_a_bomb_stays_small(name: str, tmp_path: Path) -> None:
    """A few kilobytes that expand to a line of 128 MiB are refused for the line, in the memory of a small job."""
    bomb = COMPRESSORS[name](b"close\n1\n" + bytes(128 * MEGABYTE).replace(b"\x00", b"x"))
    code, stdout, peak = peak_memory(tmp_path, bomb, b"", 0)
    assert (code, json.loads(stdout)["status"]) == (1, "error")
    assert "line 3" in json.loads(stdout)["error_message"]
    assert peak < 80 * MEGABYTE


def test_memory_that_a_file_asks_for(tmp_path: Path) -> None:
    """A file that needs more memory to decompress than any usual one is refused."""
    huge = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 512 * 1024 * 1024}]
    (tmp_path / "data.xz").write_bytes(lzma.compress(DATA, filters=huge))
    assert "Memory usage limit exceeded" in refusal(tmp_path / "data.xz")


def test_memory_that_zstandard_asks_for(tmp_path: Path) -> None:
    """So is a Zstandard file."""
    if sys.version_info < (3, 14):
        pytest.importorskip("backports.zstd")
    frame = b"\x28\xb5\x2f\xfd\x00\xf0" + bytes(20)  # a window of 2^40 bytes
    (tmp_path / "data.zst").write_bytes(frame)
    assert "Zstandard data is damaged" in refusal(tmp_path / "data.zst")


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="the standard library has it")
def test_zstandard_is_not_installed(tmp_path: Path) -> None:
    """Without the package, a Zstandard file is an error that says how to install it."""
    (tmp_path / "data.zst").write_bytes(COMPRESSORS["Zstandard"](DATA))
    script = (
        "import sys; sys.modules['backports.zstd'] = None\nfrom stream_signal.__main__ import main; sys.exit(main())"
    )
    done = run_script(script, "data.zst", cwd=tmp_path)
    assert done.code == 1
    assert done.record["error_message"].endswith("pip install 'stream-signal[zstd]'")


def test_compressed_twice(tmp_path: Path) -> None:
    """What is in a compressed file is not decompressed again; the hint is the command that does both."""
    (tmp_path / "data.gz").write_bytes(gzip.compress(COMPRESSORS["xz"](DATA)))
    done = run_in_process("data.gz", cwd=tmp_path)
    assert done.record["error_message"] == "line 1: expected CSV in UTF-8, found an xz file"
    hint = "try gzip -dc data.gz | xz -dc | stream-signal"
    assert done.stderr.splitlines()[1] == f"stream-signal: {hint}"
    command = hint.removeprefix("try ").replace("stream-signal", COMMAND)
    done_by_hand = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True)
    assert metrics_of(done_by_hand.stdout)["rows_processed"] == len(CLOSES)


@pytest.mark.parametrize(
    ("flags", "message", "hint"),
    [
        (["--follow"], "cannot follow 'data.gz': it is a gzip file", "leave out --follow: it does not grow row by row"),
        (
            ["--newest-first"],
            "cannot read 'data.gz' from its end (newest first): it is a gzip file",
            "decompress it to a file first",
        ),
    ],
)
def test_not_followed_nor_from_its_end(flags: list[str], message: str, hint: str, tmp_path: Path) -> None:
    """A compressed file neither grows by rows nor has an end to begin at, and both are refused in words."""
    (tmp_path / "data.gz").write_bytes(gzip.compress(DATA))
    done = run_in_process("data.gz", *flags, cwd=tmp_path)
    assert done.record["error_message"] == message
    assert done.stderr.splitlines()[1] == f"stream-signal: {hint}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@every_format
def test_a_stop_signal(name: str, number: signal.Signals, tmp_path: Path) -> None:
    """A signal ends a job on a compressed pipe that is silent, at once and with its code."""
    packed = COMPRESSORS[name](DATA)
    pipe = subprocess.PIPE
    command = [COMMAND, "-v"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=tmp_path, bufsize=0) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(packed[:-1])
        while b"job started" not in process.stderr.readline():
            pass
        time.sleep(0.2)  # within the read
        begun = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 128 + number
        assert time.monotonic() - begun < 2


def flushed(data: bytes) -> tuple[zlib._Compress, bytes]:
    """Begin a gzip stream with some rows, all of which are sent."""
    stream = zlib.compressobj(wbits=31)
    return stream, stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)


def test_rows_arrive_in_a_compressed_pipe(tmp_path: Path) -> None:
    """The rows that a gzip stream has sent are counted while it is open: metrics so far, checkpoints, signals."""
    stream, sent = flushed(DATA)
    pipe = subprocess.PIPE
    command = [COMMAND, "--every", "0.05", "--output", "m.json", "--checkpoint", "c.json", "--checkpoint-every", "0.05"]
    command += ["--signals", "s.csv"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=tmp_path, bufsize=0) as process:
        assert process.stdin
        process.stdin.write(sent)
        deadline = time.monotonic() + 20
        found = None
        while found != (len(CLOSES), "running") and time.monotonic() < deadline:
            time.sleep(0.02)
            if (tmp_path / "m.json").exists() and (tmp_path / "c.json").exists():
                record = json.loads((tmp_path / "m.json").read_text())
                found = record["rows_processed"], record["status"]
        assert found == (len(CLOSES), "running")
        assert (tmp_path / "s.csv").read_text().count("\n") == len(CLOSES) + 1
        process.stdin.write(stream.flush())
        process.stdin.close()
        assert process.wait(10) == 0
    assert json.loads((tmp_path / "m.json").read_text())["status"] == "success"


@every_format
def test_the_next_part_of_a_pipe(name: str, tmp_path: Path) -> None:
    """With a checkpoint, a compressed pipe brings the next part of the stream, as a plain one does."""
    plain = run_in_process("--quiet", stdin=DATA, cwd=tmp_path)
    for part in candle_csv(CLOSES[:120]), DATA[len(candle_csv(CLOSES[:120])) :]:
        done = run_in_process("--quiet", "--checkpoint", "c.json", stdin=COMPRESSORS[name](part), cwd=tmp_path)
    assert metrics_of(done.stdout) == metrics_of(plain.stdout)


def test_no_thread_is_left(tmp_path: Path) -> None:
    """After an error in mid-file, the thread that reads ahead has ended, and the file is closed."""
    text = candle_csv(["1"] * 200_000) + b"1,2\n" + candle_csv(["1"] * 200_000, header=False)
    (tmp_path / "data.gz").write_bytes(gzip.compress(text, 1))
    script = (
        "import sys, threading, os\n"
        "from stream_signal import run, DataError\n"
        "before = os.listdir('/proc/self/fd')\n"
        "try:\n    run('data.gz')\nexcept DataError as error:\n    print(error.line)\n"
        "print(threading.active_count(), os.listdir('/proc/self/fd') == before)"
    )
    done = run_script(script, cwd=tmp_path)
    assert done.stdout.split() == [b"200002", b"1", b"True"]


def test_the_plain_job_loads_none_of_it(folder: Path) -> None:
    """A job on a plain file imports nothing of what decompresses."""
    script = (
        "import sys; from stream_signal.command.main import main; main(['data.csv'])\n"
        "print(sorted({'bz2', 'lzma', 'zipfile', 'backports.zstd', 'stream_signal.inputs.compressed', 'threading'}"
        " & sys.modules.keys()), file=sys.stderr)"
    )
    assert run_script(script, cwd=folder).stderr.splitlines()[-1] == "[]"
