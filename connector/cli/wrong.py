"""What a person hears who has used a command wrongly, or whose files are not as the command needs them.

What lives here: click's own errors and those of the operating system, in German; in English they stay as they are. What
does not: the errors of commands (`errors`), the sentences of the node (`connector.sentences`).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from typing import Final, get_args

import click

from connector.cli.command import language
from connector.cli.words import Language, either

_VALUES: Final = (
    (r"(?:Path|File|Directory) (?P<what>'.*') does not exist\.?", "{what} gibt es nicht"),
    (r"(?:Path|File) (?P<what>'.*') is a directory\.?", "{what} ist ein Verzeichnis"),
    (r"Directory (?P<what>'.*') is a file\.?", "{what} ist eine Datei"),
    (r"(?:Path|File|Directory) (?P<what>'.*') is not (?:readable|writable)\.?", "auf {what} fehlt das Recht"),
    (r"(?P<what>'.*') is not one of (?P<those>.*?)\.?", "{what} gibt es nicht; möglich ist {those}"),
    (r"(?P<what>'.*') is not a valid (?:integer|float)(?: range)?\.?", "{what} ist keine Zahl"),
    (r"(?P<what>\S+) is not in the range (?P<those>.*?)\.?", "{what} liegt außerhalb von {those}"),
)
_SYSTEM: Final = {
    errno.ENOENT: "gibt es nicht",
    errno.EEXIST: "gibt es schon",
    errno.EACCES: "darf nicht gelesen oder geschrieben werden",
    errno.EPERM: "darf nicht geändert werden",
    errno.EISDIR: "ist ein Verzeichnis",
    errno.ENOTDIR: "ist kein Verzeichnis",
    errno.ENOSPC: "passt nicht mehr auf den Datenträger",
}


def wanted(args: Sequence[str]) -> Language:
    """The language of this call before its options are read: `--lang`, else as `language` says."""
    for at, arg in enumerate(args):
        name, _, value = arg.partition("=")
        value = value or next(iter(args[at + 1 : at + 2]), "")
        if name == "--lang" and value in get_args(Language):
            return "de" if value == "de" else "en"
    return language()


def usage(wrong: click.UsageError) -> str:
    """What was wrong with the command line, and where to read on."""
    path = wrong.ctx.command_path if wrong.ctx else "allmende"
    said = either(wrong.format_message(), _german(wrong)).rstrip(".")
    return f"{said}{'' if said.endswith('?') else '.'} {either('See', 'Siehe')}: {path} --help"


def system(failure: OSError) -> str:
    """What the operating system has refused."""
    why = failure.strerror or str(failure)
    if not failure.filename:
        return f"{why}."
    german = _SYSTEM.get(failure.errno or 0)
    return either(
        f"{failure.filename}: {why}.", f"{failure.filename} {german}." if german else f"{failure.filename}: {why}."
    )


def _german(wrong: click.UsageError) -> str:
    match wrong:
        case click.NoSuchOption():
            near = wrong.possibilities or ()
            hint = f" Meinten Sie {' oder '.join(sorted(near))}?" if near else ""
            return f"Eine Option {wrong.option_name} gibt es nicht.{hint}"
        case click.MissingParameter():
            return f"Es fehlt: {_place(wrong)}"
        case click.BadParameter():
            return f"{_place(wrong)}: {_value(wrong.message)}"
        case click.BadOptionUsage():
            return f"{wrong.option_name} braucht genau einen Wert"
    extra = re.fullmatch(r"Got unexpected extra arguments? \((?P<what>.*)\)\.?", wrong.message)
    return f"Das ist zu viel: {extra['what']}" if extra else wrong.message


def _place(wrong: click.BadParameter) -> str:
    if wrong.param is None:
        return str(wrong.param_hint or "?")
    return wrong.param.get_error_hint(wrong.ctx).replace("'", "") if wrong.ctx else str(wrong.param.name)


def _value(message: str) -> str:
    for pattern, german in _VALUES:
        if found := re.fullmatch(pattern, message):
            return german.format(**found.groupdict())
    return message
