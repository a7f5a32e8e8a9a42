"""URLs among the names of inputs, and what of them may be shown: never a password, nor a token of a query.

A signed URL has in its query what gives access to the file, so all of the query is left out.
"""

from __future__ import annotations

import re

# Compiled when a URL is there: a job on paths need not wait for it.
_URL = r"[A-Za-z][A-Za-z0-9+.-]*://"
_USER = r"(?<=://)[^\s/?#'\"]*@"
_QUERY = r"(://[^\s?'\"]*)\?[^\s'\"<>]*"


def is_url(name: str) -> bool:
    """Whether the name of an input is a URL rather than a path.

    >>> is_url("s3://bucket/jan.csv"), is_url("jan.csv")
    (True, False)
    """
    return "://" in name and re.match(_URL, name) is not None


def without_secrets(text: str) -> str:
    """Return a text with the user, the password and the query taken out of each URL in it.

    >>> without_secrets("https://me:pw@example.com/jan.csv?token=1")
    'https://example.com/jan.csv?...'
    """
    return re.sub(_QUERY, r"\1?...", re.sub(_USER, "", text)) if "://" in text else text
