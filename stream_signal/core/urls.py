"""URLs among the names of inputs, and what of them is shown: the host and the path, and nothing else.

A password gives access to a file, and so does the query of a signed URL. `urllib.parse` takes a URL apart, as the
libraries that open it do. A text that somebody else has written, such as the message of a library, has no end of a URL
that could be found in it: it is shown up to there.
"""

from __future__ import annotations

import re

# Compiled when a URL is there: a job on paths need not wait for it.
_URL = r"[A-Za-z][A-Za-z0-9+.-]*://"
# `https:/host`, as pathlib writes a URL, and `simplecache::https://host` are no URLs, and have secrets all the same.
_LIKE_URL = r"[A-Za-z][A-Za-z0-9+.-]+:/{1,2}(?!/)"
_IN_TEXT = r"[\"'<(]*[A-Za-z][A-Za-z0-9+.-]+:/.*"
_LEFT_OUT = "..."


def is_url(name: str) -> bool:
    """Whether the name of an input is a URL rather than a path.

    >>> is_url("s3://bucket/jan.csv"), is_url("jan.csv")
    (True, False)
    """
    return "://" in name and re.match(_URL, name) is not None


def without_secrets(name: str) -> str:
    """Return a name as it may be shown: of a URL in it, the scheme, the host and the path; a path as it is.

    >>> without_secrets("https://me:pw@example.com/jan.csv?token=1#top")
    'https://example.com/jan.csv?...'
    >>> without_secrets("https://me:p/w@example.com/jan.csv")
    'https://...'
    """
    if ":/" not in name or not (match := re.search(_LIKE_URL, name)):
        return name
    address = _address(name[match.end() :])
    if address is None:
        return name[: match.end()] + _LEFT_OUT
    host, path, rest = address
    return name[: match.end()] + host + path + (rest and rest + _LEFT_OUT)


def path_in(url: str) -> str:
    """Return the path of a URL; nothing if it has none, or none that can be told from a password.

    >>> path_in("https://me:pw@example.com/2024/jan.csv?token=1"), path_in("https://me:pw@example.com")
    ('/2024/jan.csv', '')
    """
    address = _address(url.partition("://")[2])
    return address[1] if address else ""


def shown_path(path: str) -> str:
    """Quote a path, or a URL without its secrets, for a message."""
    return "stdin" if path == "-" else repr(without_secrets(path))


def without_urls(text: str) -> str:
    r"""Return a text of somebody else with each line cut off where a URL begins.

    >>> without_urls("cannot open <https://me:pw@example.com/jan.csv?token=1>: refused\nas it is")
    'cannot open ...\nas it is'
    """
    return re.sub(_IN_TEXT, _LEFT_OUT, text) if ":/" in text else text


def unless_secret(text: str, url: str) -> str | None:
    """Return a text of somebody else about a URL as it may be shown; None if a secret of that URL is in it.

    >>> unless_secret("invalid address 'me:pw@host'", "tcp://me:pw@host:1")
    >>> unless_secret("no answer from 'host'", "tcp://me:pw@host:1")
    "no answer from 'host'"
    """
    from urllib.parse import unquote

    shown, said = without_secrets(url), unquote(text)
    for part in re.split(r"[/:@?#&=]+", url.partition("://")[2]):
        if part and part not in shown and re.search(rf"(?<!\w){re.escape(unquote(part))}(?!\w)", said):
            return None
    return without_urls(text)


def _address(rest: str) -> tuple[str, str, str] | None:
    """Return the host and the path of a URL behind its scheme, and what begins after them; None if they are secret.

    A password may hold what ends it for everybody else: a `/`, a `?` or a `#`. What looks like a host is then a name
    and the first half of the password. So an `@` further on, behind a `:` in the place of the host, hides all of it.
    """
    from urllib.parse import urlsplit

    try:
        rest = re.sub(r"[\t\r\n]", "", rest)  # as urllib does
        parts = urlsplit(f"//{rest}")
        _ = parts.port  # a ValueError if it is none
    except ValueError:
        return None
    if ":" in parts.netloc and "@" in rest[len(parts.netloc) :]:
        return None
    return parts.netloc.rpartition("@")[2], parts.path, "?" if parts.query else "#" if parts.fragment else ""
