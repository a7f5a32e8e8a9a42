"""What a caller in Python gives as a source: it works if the meaning is plain, else the error says what to use."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stream_signal import Config, InputError, SignalStream, run
from support.cases import DATA

SEVERAL = ": to read several files, feed the bytes of each to a SignalStream, and call its end_input() after each"
EXPECTED = "expected a path, a file, bytes or an iterable of bytes, found "
WANTED = (7, 3 / 7)


class PandasFrame:
    """Has the method of a pandas DataFrame that shows what it is."""

    def to_csv(self, **_: object) -> str:
        return DATA.decode()


class PolarsFrame:
    """Has the method of a polars DataFrame that shows what it is."""

    def write_csv(self) -> str:
        return DATA.decode()


class Silent:
    """A file that does not block, and has nothing yet."""

    def read(self, _: int) -> None:
        return None


def test_several_files(tmp_path: Path) -> None:
    """What the refusal of several paths says is the answer of the files as one stream."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(DATA.removesuffix(b"\n"))
    stream = SignalStream()
    for name in ("a.csv", "b.csv"):
        stream.feed((tmp_path / name).read_bytes())
        stream.end_input()
    other = SignalStream()
    other.feed(DATA * 2)
    assert stream.finish() == other.finish()


def test_text_files(tmp_path: Path) -> None:
    """A file opened in text mode gives the same as in binary mode, whatever its encoding, and so does a StringIO."""
    text = DATA.decode()
    sources: list[Any] = [io.StringIO(text), io.StringIO("\ufeff" + text)]
    for encoding in ("utf-8", "utf-16", "cp1252"):
        path = tmp_path / encoding
        path.write_text(text, encoding=encoding)
        sources.append(path.open(encoding=encoding))
    with gzip.open(tmp_path / "d.gz", "wt") as packed:
        packed.write(text)
    sources.append(gzip.open(tmp_path / "d.gz", "rt"))  # noqa: SIM115 - the loop closes it
    for source in sources:
        with source:
            assert run(Config(), source)[1::2][:2] == WANTED


def test_views_of_bytes() -> None:
    """A memoryview and an array of bytes are bytes, whole or in pieces."""
    sources: list[Any] = [memoryview(DATA), [memoryview(DATA)], [bytearray(DATA[:9]), DATA[9:]]]
    for source in sources:
        assert run(Config(), source)[1::2][:2] == WANTED


def test_a_config_of_any_kind() -> None:
    """A dict of settings, and None for the defaults, are as good as a Config; numbers of NumPy as those of Python."""
    wanted = run(Config(window=2, column=5), DATA)[:4]
    settings: dict[str, Any] = {
        "window": np.int64(2),
        "column": np.uint8(5),
        "version": np.str_("v1"),
        "header": np.True_,
    }
    for config in ({"window": 2, "column": 5}, settings, Config(**settings)):
        assert run(config, DATA)[:4] == wanted
    assert run(None, DATA)[1::2][:2] == WANTED
    stream = SignalStream({"window": 2})
    stream.feed(DATA)
    assert stream.finish() == (7, round(wanted[3] * 7), wanted[3])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (PandasFrame(), EXPECTED + "PandasFrame: use .to_csv(index=False).encode()"),
        (PolarsFrame(), EXPECTED + "PolarsFrame: use .write_csv().encode()"),
        ([1.5, 2.5], EXPECTED + "list of float: a RollingMean takes numbers"),
        (np.array([1.5, 2.5]), EXPECTED + "ndarray of float64: a RollingMean takes numbers"),
        (["close\n", "1\n"], EXPECTED + "list of str: encode each"),
        (["a.csv", "b.csv"], EXPECTED + "list of str" + SEVERAL),
        ([Path("a.csv")], EXPECTED + f"list of {type(Path()).__name__}{SEVERAL}"),
        ({"close": [1]}, EXPECTED + "dict of str"),
        ([["close"], ["1"]], EXPECTED + "list of list"),
        (None, EXPECTED + "NoneType"),
        (5, EXPECTED + "int"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_source(source: Any, message: str) -> None:
    """What has no bytes is a TypeError that says what was expected, and what to use if that is known."""
    with pytest.raises(TypeError) as refused:
        run(Config(), source)
    assert str(refused.value) == message


@pytest.mark.parametrize("config", ["config.yaml", 5, [("window", 2)]])
def test_no_config(config: Any) -> None:
    """What is no config is a TypeError that says so, in `run` and in `SignalStream`."""
    for call in (lambda: run(config, DATA), lambda: SignalStream(config)):
        with pytest.raises(TypeError, match=r"^expected a Config, or a dict of its settings, found (str|int|list)$"):
            call()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is closed, only written to, of another encoding, torn or silent is an InputError with its name."""
    path = tmp_path / "data.csv"
    path.write_bytes(DATA + b"\xe9")
    closed = path.open("rb")
    closed.close()
    (tmp_path / "d.gz").write_bytes(gzip.compress(DATA * 100)[:-20])
    with (
        (tmp_path / "out").open("wb") as written,
        path.open(encoding="utf-8") as other,
        gzip.open(tmp_path / "d.gz") as torn,
    ):
        sources: list[tuple[Any, str]] = [
            (closed, f"cannot read {str(path)!r}: "),
            (written, f"cannot read {os.fspath(tmp_path / 'out')!r}: "),
            (other, f"cannot read {str(path)!r}: 'utf-8' codec can't decode byte 0xe9"),
            (torn, "cannot read "),
            (Silent(), "cannot read 'Silent': it does not block, and has no bytes yet"),
            ("close\n1\n2\n", "expected a path, found CSV as a str: encode it as UTF-8"),
        ]
        for source, message in sources:
            with pytest.raises(InputError) as refused:
                run(Config(), source)
            assert str(refused.value).startswith(message)


@pytest.mark.parametrize("data", ["close\n1\n", np.float64(1.5), np.array([1.5]), 3, None, np.uint8(3)])
def test_no_bytes(data: Any) -> None:
    """A stream takes bytes only: no text, and no number whose memory looks like bytes."""
    stream = SignalStream()
    with pytest.raises(TypeError, match=r"^expected bytes, found \w+"):
        stream.feed(data)
    stream.feed(DATA)
    assert stream.finish()[::2] == WANTED
