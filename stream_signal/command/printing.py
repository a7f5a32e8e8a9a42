"""What a command prints on stdout, and the exit code that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal import early

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

EXIT_SUCCESS = 0
EXIT_FAILURE = 1  # the job failed: the error record and stderr say why


def printed(text: Callable[[], Iterable[bytes]], parser: argparse.ArgumentParser, arguments: list[str]) -> int:
    """Write to stdout what `text` returns, piece by piece; return the exit code.

    A StreamSignalError on the way is told on stderr, with what to type in place of the arguments that the parser was
    given; a reader that has gone is no error.
    """
    from stream_signal.core.errors import ClosedOutputError, StreamSignalError
    from stream_signal.outputs.files import write_stdout

    early.release()
    try:
        for piece in text():
            write_stdout(piece)
    except ClosedOutputError:
        return EXIT_SUCCESS
    except StreamSignalError as error:
        from stream_signal.command.proposals import explain

        explain(error, parser, arguments)
        return EXIT_FAILURE
    return EXIT_SUCCESS
