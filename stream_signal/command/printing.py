"""What a command prints on stdout, and the exit code that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal import early

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EXIT_SUCCESS = 0
EXIT_FAILURE = 1  # the job failed: the error record and stderr say why


def printed(text: Callable[[], Iterable[bytes]]) -> int:
    """Write to stdout what `text` returns, piece by piece; return the exit code.

    A StreamSignalError on the way is one line on stderr, and a reader that has gone is no error.
    """
    from stream_signal.core.errors import ClosedOutputError, StreamSignalError
    from stream_signal.outputs.files import write_stdout
    from stream_signal.outputs.stderr import complain

    early.release()
    try:
        for piece in text():
            write_stdout(piece)
    except ClosedOutputError:
        return EXIT_SUCCESS
    except StreamSignalError as error:
        complain(error)
        return EXIT_FAILURE
    return EXIT_SUCCESS
