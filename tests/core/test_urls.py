"""URLs: their host and path are shown, and nothing else, wherever a name or a message has one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.urls import path_in, unless_secret, without_secrets, without_urls
from support.commands import run_in_process

if TYPE_CHECKING:
    from pathlib import Path

# What may end a URL, or a part of one, for whoever looks for it with a pattern.
MARKS = "'\" <>@#?&=:;%+\\"
SECRETS = [f"s3{mark}cr3t" for mark in [*MARKS, "/", ""]]


def shows(text: str, secret: str) -> bool:
    """Whether a text has a half of a secret in it, as it is or quoted."""
    return any(half in text for half in [*re.split(r"\W+", secret), secret, quote(secret)])


FORMS = [
    "https://me:{}@example.com/jan.csv",
    "https://me:{}@example.com:8080/jan.csv?a=1#b",
    "https://example.com/jan.csv?sig={}&a=1",
    "https://example.com/it's a <b>.csv?sig={}",
    "https://example.com/jan.csv#{}",
    "https://me:{}@example.com",
    "https:/me:{}@example.com/jan.csv",
    "simplecache::https://me:{}@example.com/jan.csv",
    "tcp://me:{}@127.0.0.1:8786",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", FORMS)
def test_a_name(form: str, secret: str) -> None:
    """Whatever is in a password or in a query, nothing of it is in the name as it is shown."""
    assert not shows(without_secrets(form.format(secret)), secret)


@given(st.text("s3cr/:@?#'\" <&=;%[]\t"))
def test_any_password(password: str) -> None:
    """A URL with a password of any characters is shown without it, or not at all."""
    shown = without_secrets(f"https://me:{password}@example.com/jan.csv")
    assert shown in {"https://example.com/jan.csv", "https://..."}


def test_what_is_shown() -> None:
    """The scheme, the host, the port and the path are shown, and that there is a query."""
    assert without_secrets("https://example.com:8080/a b/it's.csv?x=1#y") == "https://example.com:8080/a b/it's.csv?..."
    assert without_secrets("s3://bucket/pkg@1.0/jan.csv") == "s3://bucket/pkg@1.0/jan.csv"
    assert without_secrets("https://example.com/jan.csv#secret") == "https://example.com/jan.csv#..."


@pytest.mark.parametrize("path", ["jan.csv", "a?b#c@d.csv", "C:/data/a?b.csv", "k.zip/a b.csv", "10:30/a?.csv"])
def test_a_path(path: str) -> None:
    """A path is shown as it is."""
    assert without_secrets(path) == path


def test_a_text_of_somebody_else() -> None:
    """A message of a library is cut off where a URL begins, and not shown if it has a part of the URL."""
    assert without_urls("for url: 'http://me:a b@h/x?t=1' (500)\nnext") == "for url: ...\nnext"
    assert unless_secret("invalid address 'me:pa s@h'", "tcp://me:pa s@h:1") is None
    assert unless_secret("cannot find pa%20s", "tcp://me:pa s@h:1") is None
    assert unless_secret("no route to h", "tcp://me:pa s@h:1") == "no route to h"


def test_the_path_of_a_url() -> None:
    """A key is taken from the path of a URL, never from its user, password or query."""
    assert path_in("http://alice:s3cr3t@127.0.0.1:18099") == ""
    assert path_in("http://alice:s3cr3t@127.0.0.1/a/BTC-1m.csv?x=/y/ETH-1m.csv") == "/a/BTC-1m.csv"


@pytest.mark.parametrize("secret", ["s3'cr3t", "s3 cr3t", "s3<cr3t", "s3@cr3t", "s3#cr3t", "s3/cr3t"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("http:/alice:{}@127.0.0.1:1/x.csv?sig={}",),
        ("http://alice:{}@127.0.0.1:1/x.csv?sig={}", "--follow"),
        ("http://alice:{}@127.0.0.1:1/x.csv", "--newest-first"),
        ("http://alice:{}@127.0.0.1:1", "--key", "@file", "--key-pattern", "{{key}}"),
        ("a.csv", "--output", "http://alice:{}@127.0.0.1:1/m.json"),
        ("http://alice:{}@h/m.json", "--output", "http://alice:{}@h/m.json"),
        ("a.csv", "--window", "http://alice:{}@h/"),
        ("--windw=http://alice:{}@h/",),
        ("a.csv", "--config", "http://alice:{}@127.0.0.1:1/c.yaml"),
    ],
)
def test_the_command(arguments: tuple[str, ...], secret: str, tmp_path: Path) -> None:
    """Nothing of a password or a query comes to stdout, stderr or the log, whatever is wrong."""
    (tmp_path / "a.csv").write_text("time,close\n60,1\n")
    given = [argument.format(secret, secret) for argument in arguments]
    done = run_in_process(*given, "-vv", "--log-file", "run.log", cwd=tmp_path)
    log = tmp_path / "run.log"
    shown = done.stdout.decode() + done.stderr + (log.read_text() if log.exists() else "")
    assert done.code != 0
    assert not shows(shown, secret), shown
    assert "alice" not in shown


@pytest.mark.parametrize("secret", ["s3'cr3t", "s3 cr3t", "s3<cr3t", "s3@cr3t", "s3#cr3t"])
def test_a_url_that_is_not_there(secret: str, tmp_path: Path) -> None:
    """Nor is it in what is said of a server that does not answer, or is none."""
    pytest.importorskip("fsspec")
    for url in (f"http://alice:{secret}@127.0.0.1:1/x.csv?sig={secret}", f"nope://alice:{secret}@h/x.csv?sig={secret}"):
        done = run_in_process(url, "-vv", "--log-file", "run.log", cwd=tmp_path)
        shown = done.stdout.decode() + done.stderr + (tmp_path / "run.log").read_text()
        assert done.code == 1
        assert json.loads(done.stdout)["error_message"].startswith("cannot read '")
        assert not shows(shown, secret), shown


def test_the_address_of_a_cluster(tmp_path: Path) -> None:
    """Nor is the password in the address of a cluster, which its library repeats."""
    pytest.importorskip("distributed")
    (tmp_path / "a.csv").write_text("time,close\n60,1\n")
    done = run_in_process("a.csv", "--cluster", "tcp://alice:s3cr3t@127.0.0.1:1", "-vv", cwd=tmp_path)
    assert done.record["error_message"] == "cannot reach the cluster at 'tcp://127.0.0.1:1': ValueError"
    assert not shows(done.stdout.decode() + done.stderr, "s3cr3t")
