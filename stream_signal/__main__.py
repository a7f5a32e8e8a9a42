"""`python -m stream_signal`, and the command `stream-signal`: Ctrl-C is quiet from the first import on."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command; return its exit code."""
    try:
        from stream_signal.command.main import main as run  # noqa: PLC0415 - so that an interrupted import is caught

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
