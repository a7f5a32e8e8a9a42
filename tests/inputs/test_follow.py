"""--follow: a file that grows, by its name, through rotation, until it is told to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_signal import DataError, SignalStream
from stream_signal.inputs.events import Begin
from stream_signal.inputs.follow import FollowedSource
from support.candle_csv import CLOSES, HEADER, candle_csv, row
from support.commands import check_metrics, run_command, run_script, settings_yaml
from support.oracle import wanted_rows
from support.processes import FOLLOW_ARGUMENTS, append, follow
from support.scripts import IN_FEED
from support.strategies import Document, documents
from support.streams import lines_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["as the system tells", "by looking"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait with inotify where it is installed, and without."""
    if request.param == "by looking":
        monkeypatch.setitem(sys.modules, "inotify_simple", None)
    else:
        pytest.importorskip("inotify_simple")


def read_lines(process: subprocess.Popen[bytes], number: int) -> list[str]:
    """Read so many lines of signals, however long they take to come."""
    assert process.stdout
    return [process.stdout.readline().decode() for _ in range(number)]


def end(process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> str:
    """Ask it to end; return what it says on stderr."""
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    return stderr.decode()


def test_as_it_grows(tmp_path: Path) -> None:
    """Each row is told when its newline is there, and not before; SIGINT is the normal end."""
    path = tmp_path / "data.csv"
    path.write_text(HEADER)
    lines: list[str] = []
    with follow(tmp_path) as process:
        for number, close in enumerate(CLOSES[:50]):
            line = row(number, close)
            append(path, line[:-5])
            append(path, line[-5:] + "\n")
            lines += read_lines(process, 1 if number else 2)
        append(path, row(50, "42004.66"))  # half a row, as it stands
        assert (end(process), process.returncode) == ("", 0)
    assert [line.rstrip().split(",") for line in lines[1:]] == wanted_rows(CLOSES[:50], 5)
    check_metrics(tmp_path, CLOSES[:50])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_the_normal_end(number: signal.Signals, tmp_path: Path) -> None:
    """A signal ends it with metrics and checkpoint, exit 0; the next run goes on with the row that was not whole."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES[:10]) + b"1700000600,1.0,2.0")
    arguments = (*FOLLOW_ARGUMENTS, "--checkpoint", "state.json")
    with follow(tmp_path, *arguments) as process:
        read_lines(process, 11)
        assert (end(process, number), process.returncode) == ("", 0)
    check_metrics(tmp_path, CLOSES[:10])
    append(path, ",0.5,7.5,1.5\n")
    with follow(tmp_path, *arguments) as process:
        assert read_lines(process, 1)[0].startswith("11,1700000600,7.5,")
        assert (end(process, number), process.returncode) == ("", 0)
    check_metrics(tmp_path, [*CLOSES[:10], "7.5"])


def test_it_need_not_be_there_yet(tmp_path: Path) -> None:
    """The file may come later; without a row at the end there is no metric, and that is an error."""
    with follow(tmp_path) as process:
        (tmp_path / "data.tmp").write_bytes(candle_csv(CLOSES[:10]))
        (tmp_path / "data.tmp").rename(tmp_path / "data.csv")
        read_lines(process, 11)
        assert (end(process), process.returncode) == ("", 0)
    check_metrics(tmp_path, CLOSES[:10])
    done = run_command("none.csv", "--follow", "--idle-timeout", "0.05", cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, "there is no file 'none.csv': nothing came")


@pytest.mark.parametrize("inotify", [True, False])
def test_rotation(inotify: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Rename and create: the rest of the old file is read first, then the new one, whose header is known."""
    without = "" if inotify else "sys.modules['inotify_simple'] = None; "
    script = f"import sys; from stream_signal.__main__ import main; {without}sys.exit(main())"
    command = [sys.executable, "-c", script, *FOLLOW_ARGUMENTS]
    path, pipe = tmp_path / "data.csv", subprocess.PIPE
    path.write_bytes(candle_csv(CLOSES[:10]))
    with subprocess.Popen(command, cwd=tmp_path, bufsize=0, stdout=pipe, stderr=pipe) as process:
        read_lines(process, 11)
        for start in range(10, 100, 10):
            path.rename(tmp_path / "data.csv.1")
            append(tmp_path / "data.csv.1", candle_csv(CLOSES[start : start + 4], header=False))
            path.write_bytes(candle_csv(CLOSES[start + 4 : start + 8]))
            append(path, candle_csv(CLOSES[start + 8 : start + 10], header=False))
            read_lines(process, 10)
        assert (end(process), process.returncode) == ("", 0)
    check_metrics(tmp_path, CLOSES[:100])


# With what is said about doubts.
LOUD = FOLLOW_ARGUMENTS[:-1]
TRUNCATED = (
    "stream-signal: 'data.csv' was truncated: rows that were written just before that may be lost; "
    "rotate by renaming the file instead\n"
)


def test_copy_and_truncate(tmp_path: Path) -> None:
    """A file that is cut back and written anew is the next part, even where it has outgrown the old one at once."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES[:10]))
    with follow(tmp_path, *LOUD) as process:
        read_lines(process, 11)
        os.truncate(path, 0)
        append(path, candle_csv(CLOSES[10:15]))
        read_lines(process, 5)
        path.write_bytes(b"BTC/USD\n" + candle_csv(CLOSES[15:100]))  # longer than what was there
        read_lines(process, 85)
        assert (end(process).count(TRUNCATED), process.returncode) == (2, 0)
    check_metrics(tmp_path, CLOSES[:100])


def test_another_header(tmp_path: Path) -> None:
    """A new file with other columns is refused, in words."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES[:10]))
    with follow(tmp_path) as process:
        read_lines(process, 11)
        path.unlink()
        path.write_text("time,close\n1,2\n" * 6)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 1
    assert b"expected the header of the first input" in stderr


def test_resumed_after_rotation(tmp_path: Path) -> None:
    """The checkpoint is about the file that stands there now: it goes on in that one."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES[:10]))
    arguments = ("data.csv", "--follow", "--signals", "s.csv", "--output", "m.json", "--checkpoint", "state.json")
    with follow(tmp_path, *arguments, "-v") as process:
        assert process.stderr
        while b"header read" not in process.stderr.readline():
            pass
        path.rename(tmp_path / "old.csv")
        path.write_bytes(candle_csv(CLOSES[10:20]))
        while b"next file" not in process.stderr.readline():
            pass
        while (tmp_path / "s.csv").read_bytes().count(b"\n") < 21:
            assert process.poll() is None
        end(process)
        assert process.returncode == 0
    (tmp_path / "old.csv").unlink()
    append(path, candle_csv(CLOSES[20:30], header=False))
    assert run_command(*arguments, "--idle-timeout", "0.05", cwd=tmp_path).code == 0
    check_metrics(tmp_path, CLOSES[:30])
    found = (tmp_path / "s.csv").read_text().splitlines()
    assert [line.rsplit(",", 3)[1:] for line in found[1:]] == [cells[2:] for cells in wanted_rows(CLOSES[:30], 5)]


@pytest.mark.parametrize(("flags", "code"), [(["--follow"], 0), ([], 143)])
def test_stopped_in_mid_work(flags: list[str], code: int, tmp_path: Path) -> None:
    """Stopped while a piece is counted, with a checkpoint: each line stands in the signals once, in the end too."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES[:200]) + b"1,2")
    arguments = ("data.csv", "--signals", "s.csv", "--output", "m.json", "--checkpoint", "state.json")
    assert run_script(IN_FEED, *arguments, *flags, cwd=tmp_path).code == code
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == 201
    path.write_bytes(candle_csv(CLOSES))
    assert run_script(IN_FEED, *arguments, *flags, cwd=tmp_path).code == code
    assert run_command(*arguments, cwd=tmp_path).code == 0
    check_metrics(tmp_path, CLOSES)
    assert run_command("data.csv", "--signals", "plain.csv", cwd=tmp_path).code == 0
    assert (tmp_path / "s.csv").read_bytes() == (tmp_path / "plain.csv").read_bytes()


@pytest.mark.parametrize("truncate", [False, True])
def test_a_torn_line_at_rotation(truncate: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """A line without its newline, when another file takes the place, is no price: it is passed over, and told."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES[:10]) + row(10, "42").encode())
    with follow(tmp_path, *LOUD, "--log-file", "run.log") as process:
        read_lines(process, 11)
        if truncate:
            os.truncate(path, 0)
        else:
            path.rename(tmp_path / "old.csv")
        append(path, candle_csv(CLOSES[10:20]))
        read_lines(process, 10)
        assert (end(process).count(TRUNCATED), process.returncode) == (int(truncate), 0)
    check_metrics(tmp_path, CLOSES[:20])
    events = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]
    assert [event["unfinished_lines"] for event in events if event["event"] == "repairs"] == [1]


def test_what_is_left_of_a_line() -> None:
    """Rows that come after half a line, where a header was due, are not passed over in silence."""
    stream = SignalStream()
    stream.feed(candle_csv(CLOSES[:10]) + b"1,2,3,42")
    stream.drop_input()
    assert (stream.rows, stream.repairs.counts) == (10, {"unfinished_lines": 1})
    stream.feed(b".66,1.5\n" + candle_csv(CLOSES[10:12], header=False))
    with pytest.raises(DataError, match="expected the header of the first input"):
        stream.drop_input()


def test_renamed_in_the_moment_of_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is there, and is not when it is opened, is one that is not there yet."""
    path, works = tmp_path / "data.csv", os.open
    path.write_bytes(candle_csv(CLOSES))
    failures = [FileNotFoundError(2, "No such file or directory")] * 3

    def fails(name: str, *given: int) -> int:
        if name == str(path) and failures:
            raise failures.pop()
        return works(name, *given)

    monkeypatch.setattr(os, "open", fails)
    events = FollowedSource(str(path), 0.1).events(0, 0, lambda: 0.01)
    pieces = [event for event in events if isinstance(event, bytes)]
    assert b"".join(pieces) == candle_csv(CLOSES)
    assert not failures


def test_a_link(tmp_path: Path) -> None:
    """Through a link, a file that grows is noticed as soon."""
    (tmp_path / "logs").mkdir()
    path = tmp_path / "logs" / "today.csv"
    path.write_bytes(candle_csv(CLOSES[:10]))
    (tmp_path / "data.csv").symlink_to("logs/today.csv")
    with follow(tmp_path) as process:
        read_lines(process, 11)
        append(path, candle_csv(CLOSES[10:20], header=False))
        read_lines(process, 10)
        assert (end(process), process.returncode) == ("", 0)
    check_metrics(tmp_path, CLOSES[:20])


def test_a_checkpoint_of_what_is_to_come(tmp_path: Path) -> None:
    """With a checkpoint, too, the file need not be there yet."""
    with follow(tmp_path, *FOLLOW_ARGUMENTS, "--checkpoint", "state.json") as process:
        (tmp_path / "data.tmp").write_bytes(candle_csv(CLOSES[:10]))
        (tmp_path / "data.tmp").rename(tmp_path / "data.csv")
        read_lines(process, 11)
        assert (end(process), process.returncode) == ("", 0)
    check_metrics(tmp_path, CLOSES[:10])


def test_a_bad_row(tmp_path: Path) -> None:
    """A bad row ends it with its line; with bad_rows: missing it goes on, and counts it."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES[:10]))
    with follow(tmp_path) as process:
        read_lines(process, 11)
        append(path, "torn\n")
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 1
    assert stderr.splitlines()[0] == b"stream-signal: line 12: expected 6 fields, found 1"
    (tmp_path / "config.yaml").write_text(settings_yaml(bad_rows="missing"))
    with follow(tmp_path) as process:
        read_lines(process, 12)
        append(path, candle_csv(CLOSES[10:20], header=False))
        read_lines(process, 10)
        assert (end(process), process.returncode) == ("", 0)
    check_metrics(tmp_path, [*CLOSES[:10], "", *CLOSES[10:20]])


def test_trouble_is_told_as_it_comes(tmp_path: Path) -> None:
    """The log tells of the first bad row, and of the first time out of order, while the stream goes on."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES[:10]))
    (tmp_path / "config.yaml").write_text(settings_yaml(bad_rows="missing"))
    with follow(tmp_path, *FOLLOW_ARGUMENTS, "--log-file", "run.log") as process:
        read_lines(process, 11)
        for line in ("torn", row(20, "4"), row(19, "4"), row(21, "4")):  # with the last, all before it is told
            append(path, line + "\n")
            read_lines(process, 1)
        log = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]
        assert [(event["kind"], event["first"]) for event in log if event["event"] == "noticed"] == [
            ("bad_rows", "line 12: expected 6 fields, found 1"),
            ("backwards", "row 13: '1700001140' after '1700001200'"),
        ]
        end(process)
    [times] = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines() if '"times"' in line]
    assert times["backwards"] == 1


@pytest.mark.usefixtures("_both_ways")
@settings(suppress_health_check=list(HealthCheck))  # tmp_path is one folder for all examples, and may be
@given(st.data(), documents(), st.integers(1, 6))
def test_the_same_bytes(tmp_path: Path, data: st.DataObject, document: Document, window: int) -> None:
    """Law 6: whatever the pieces a file grows by, what is followed is what stands in the file."""
    text = document.data if document.data.endswith(b"\n") else document.data + b"\n"
    path = tmp_path / "data.csv"
    path.write_bytes(b"")
    places = [*sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5))), len(text)]
    written, pieces = 0, []
    events = FollowedSource(str(path)).events(0, 0, lambda: 0.02)
    assert next(events) == Begin(str(path))
    for chunk in events:
        assert isinstance(chunk, bytes)
        pieces.append(chunk)
        if not chunk:
            if written == len(text):
                break
            place = places.pop(0)
            append(path, text[written:place])
            written = place
    assert b"".join(pieces) == text
    assert lines_of(pieces, window=window) == lines_of([text], window=window)


def test_stalled(tmp_path: Path) -> None:
    """The log tells of a silence, once, and goes on."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES[:10]))
    script = (
        "import sys; from stream_signal.job import journal; journal.STALLED_SECONDS = 0.2\n"
        "from stream_signal.__main__ import main\nsys.exit(main())"
    )
    command = [sys.executable, "-c", script, "data.csv", "--follow", "--idle-timeout", "1", "--log-file", "run.log"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=60)
    events = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]
    [stalled] = [event for event in events if event["event"] == "stalled"]
    assert (stalled["rows"], stalled["level"]) == (10, "warning")
    assert events[-1]["event"] == "job finished"
