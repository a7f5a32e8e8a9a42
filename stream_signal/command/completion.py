r"""The completion of bash, zsh and fish, each a script that is made from the parsers.

A script knows the flags and, where these are few, their values; files are left to the shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.command.described import all_commands

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_signal.command.described import Command, Flag

_BASH = """\
# bash completion of stream-signal, written by `stream-signal completion bash`

_stream_signal() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} command="" flags values="" file=""
    local IFS=$' \\t\\n'
    if [[ $cur == "=" ]]; then
        cur=""
    elif [[ $prev == "=" ]]; then
        prev=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    ((COMP_CWORD > 1)) && command=${{COMP_WORDS[1]}}
    COMPREPLY=()
    case $command in
{cases}
    esac
    if [[ $values == "" && $cur == -* ]]; then
        values=$flags
    elif [[ $file ]]; then
        ((COMP_CWORD == 1)) && COMPREPLY=($(compgen -W {commands} -- "$cur"))
        IFS=$'\\n'
        COMPREPLY+=($(compgen -f -- "$cur"))
        compopt -o filenames 2>/dev/null
        return
    fi
    COMPREPLY=($(compgen -W "$values" -- "$cur"))
}}
complete -F _stream_signal stream-signal
"""
_ZSH = """\
#compdef stream-signal
# zsh completion of stream-signal, written by `stream-signal completion zsh`

_stream-signal() {{
    local -a commands
    commands=(
{commands}
    )
    if (( CURRENT > 2 )); then
        case ${{words[2]}} in
{cases}
        esac
    else
        _describe -t commands command commands
    fi
{job}
}}

if [[ ${{funcstack[1]}} == _stream-signal ]]; then
    _stream-signal "$@"
else
    compdef _stream-signal stream-signal
fi
"""


def bash() -> str:
    """Return the script of bash."""
    job, *others = all_commands()
    cases = [_bash_case(command.name, command) for command in others] + [_bash_case("*", job)]
    return _BASH.format(cases="\n".join(cases), commands=_quoted(" ".join(command.name for command in others)))


def zsh() -> str:
    """Return the script of zsh."""
    job, *others = all_commands()
    return _ZSH.format(
        commands="\n".join(f"        {_quoted(f'{command.name}:{command.summary}')}" for command in others),
        cases="\n".join(
            f"            {command.name})\n                shift words\n                (( CURRENT-- ))\n"
            f"{_zsh_arguments(command, 16)}\n                return\n                ;;"
            for command in others
        ),
        job=_zsh_arguments(job, 4),
    )


def fish() -> str:
    """Return the script of fish."""
    job, *others = all_commands()
    names = " ".join(command.name for command in others)
    first = "test (count (commandline -opc)) -eq 1"
    lines = ["# fish completion of stream-signal, written by `stream-signal completion fish`", ""]
    lines += [_fish_line(first, f"-a {command.name}", command.summary) for command in others]
    lines += [_fish_flag(f"not __fish_seen_subcommand_from {names}", flag) for flag in job.flags]
    for command in others:
        seen = f"__fish_seen_subcommand_from {command.name}"
        if not any(argument.takes_path for argument in command.arguments):
            lines.append(f"complete -c stream-signal -n {_quoted(seen)} -f")
        lines += [_fish_flag(seen, flag) for flag in command.flags]
        lines += [
            _fish_line(seen, f"-a {_quoted(' '.join(argument.values))}", argument.help)
            for argument in command.arguments
            if argument.values
        ]
    return "\n".join(lines) + "\n"


SCRIPTS = {"bash": bash, "zsh": zsh, "fish": fish}


def _bash_case(pattern: str, command: Command) -> str:
    """Set what is offered behind the word before this one: `file`, `values`, or neither."""
    flags = " ".join(name for flag in command.flags for name in flag.names)
    lines = [f"    {pattern})", f"        flags={_quoted(flags)}", "        case $prev in"]
    for flag in command.flags:
        if flag.metavar:
            names = "|".join(flag.names)
            lines.append(f"            {names}) {_bash_value(flag)} ;;")
    otherwise = [_bash_value(argument) for argument in command.arguments] or [":"]
    return "\n".join([*lines, f"            *) {otherwise[0]} ;;", "        esac", "        ;;"])


def _bash_value(flag: Flag) -> str:
    if flag.takes_path:
        return "file=yes"
    return f"values={_quoted(' '.join(flag.values))}" if flag.values else "return"


def _zsh_arguments(command: Command, indent: int) -> str:
    lines = ["_arguments -s -S"]
    lines += [_zsh_flag(flag) for flag in command.flags]
    lines += [
        _quoted(f"{'*' if argument.repeats else ''}:{argument.metavar}:{_zsh_value(argument)}")
        for argument in command.arguments
    ]
    return " \\\n".join(" " * (indent + 4 * (number > 0)) + line for number, line in enumerate(lines))


def _zsh_flag(flag: Flag) -> str:
    ends = ("=" if name.startswith("--") else "+" for name in flag.names)
    names = [f"{name}{end}" if flag.metavar else name for name, end in zip(flag.names, ends, strict=True)]
    before = "*" if flag.repeats else f"({' '.join(flag.names)})"
    help_text = _escaped(flag.help, "[]:\\")
    after = f"[{help_text}]" + (f":{flag.metavar}:{_zsh_value(flag)}" if flag.metavar else "")
    spelt = f"{{{','.join(names)}}}" if len(names) > 1 else names[0]
    return f"{_quoted(before)}{spelt}{_quoted(after)}"


def _zsh_value(flag: Flag) -> str:
    if flag.takes_path:
        return "_files"
    return f"({' '.join(flag.values)})" if flag.values else " "


def _fish_flag(condition: str, flag: Flag) -> str:
    options = [f"-{'l' if name.startswith('--') else 's'} {name.lstrip('-')}" for name in flag.names]
    if flag.takes_path:
        options.append("-r -F")
    elif flag.metavar:
        options.append(f"-x -a {_quoted(' '.join(flag.values))}" if flag.values else "-x")
    return _fish_line(condition, " ".join(options), flag.help)


def _fish_line(condition: str, what: str, description: str) -> str:
    text = description.replace("\\", "\\\\").replace("'", "\\'")
    return f"complete -c stream-signal -n {_quoted(condition)} {what} -d '{text}'"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _escaped(text: str, special: Iterable[str]) -> str:
    return "".join(f"\\{character}" if character in special else character for character in text)
