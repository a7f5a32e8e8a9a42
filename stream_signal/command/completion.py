"""The completion of shells, which `shtab` makes from the parsers: flags, the values of those that have few, and files.

It knows commands that stand after a parser's own arguments. Here one stands in the place of the first file, which two
functions tell bash and zsh; fish offers both anyway.
"""

from __future__ import annotations

from stream_signal.command.flags import PARSERS, PATHS, Parser, job_parser, values_of
from stream_signal.core.errors import OutputError

_BASH = """
_stream_signal_files() {
  ((COMP_CWORD == 1)) && compgen -W "${_shtab_stream_signal_subparsers[*]}" -- "$1"
  compgen -f -- "$1"
}
"""
_ZSH = """
_stream_signal_first() {
  _shtab_stream_signal_commands
  _files
}
_shtab_stream_signal() {
  local options=_shtab_stream_signal_$words[2]_options
  if (( CURRENT > 2 && ${+parameters[$options]} )); then
    shift words
    (( CURRENT-- ))
    _arguments -s ${${(@P)options}/#"(*)::"/"*:"}
  else
    _arguments -s '1: :_stream_signal_first' ${_shtab_stream_signal_options/#"(*)::"/"*:"}
  fi
}
"""


def script(shell: str) -> str:
    """Return the script of a shell; OutputError if the package that makes it is missing."""
    try:
        from shtab import FILE, complete
    except ImportError:
        raise OutputError("completion needs shtab").with_hint("pip install 'stream-signal[completion]'") from None
    files = {**FILE, "bash": "_stream_signal_files"}
    others = Parser("", add_help=False)
    commands = others.add_subparsers()
    for name, make in PARSERS.items():
        one = _offering(make(), files)
        commands.add_parser(name, parents=[one], add_help=False, description=one.description, help=name)
    whole = Parser("stream-signal", parents=[_offering(job_parser(), files), others], add_help=False)
    text: str = complete(whole, shell, preamble={"bash": _BASH, "zsh": _ZSH})
    return text


def _offering(parser: Parser, files: dict[str, str]) -> Parser:
    """Tell what a shell offers for each value."""
    for action in parser._actions:  # noqa: SLF001 - shtab wants it at each of them
        if action.type in PATHS:
            vars(action)["complete"] = files
        else:
            action.choices = values_of(action) or None
    return parser
