"""Secrets of silos and sinks: references in settings, read at the moment of use, and never kept.

What lives here: reading what `NAME_file` and `NAME_credential` refer to, finding what looks like a secret where only a
reference may stand. What does not: the node's own keys (`certs.keys`). A file belongs to the node's user and nobody
else may read it; a credential is one of systemd's (systemd.exec(5), `LoadCredential=`).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from connector.errors import SourceError

LONGEST: Final = 16_384
"""Bytes of a secret."""
FILE, CREDENTIAL = "_file", "_credential"
_NAMES: Final = re.compile(
    r"(?i)(^|[_.-])(pass(word|wd|phrase|wort)?|pwd|kennwort|geheimnis|secret|token|api_?key|access_?key|authorization)$"
)
_PAIR: Final = re.compile(r"(?i)\b(password|passwd|pwd|secret|token|api_?key)\s*=\s*[^\s;&]+")
_CREDENTIAL_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")

Secret = Callable[[Mapping[str, Any], str], str]
"""Reads the secret that settings refer to under a name; see `Around.secret`."""


def refers(settings: Mapping[str, Any], name: str) -> bool:
    """Is there a reference to a secret of this name?"""
    return bool(settings.get(name + FILE) or settings.get(name + CREDENTIAL))


def named(settings: Mapping[str, Any]) -> bool:
    """Do settings refer to a secret at all?"""
    return any(name.endswith((FILE, CREDENTIAL)) for name in settings)


def base(name: str) -> str:
    """What a setting that refers to a secret is called without saying where it lies."""
    return name.removesuffix(FILE).removesuffix(CREDENTIAL)


def reading(credentials: Path | None, closed: Sequence[Path] = ()) -> Secret:
    """What reads secrets; `credentials` is where systemd lays them out for this process, None where it does not.
    INVARIANT: nothing in the folders `closed` is ever taken for a silo's secret: whoever may name a server and a file
    would be sent the node's own keys.

    Raises `SourceError` `source.secret` with the name of the setting and what is wrong, never with anything of it.
    """

    def secret(settings: Mapping[str, Any], name: str) -> str:
        file, credential = settings.get(name + FILE), settings.get(name + CREDENTIAL)
        if (file is None) == (credential is None):
            raise SourceError("source.secret", setting=name, problem="one of NAME_file and NAME_credential is needed")
        if file is not None:
            return _text(Path(str(file)), name + FILE, 0o077, closed)
        if credentials is None or not _CREDENTIAL_NAME.fullmatch(str(credential)):
            raise SourceError("source.secret", setting=name + CREDENTIAL, problem="systemd gives no such credential")
        # systemd grants its files by an access control list, whose mask shows as group bits.
        return _text(credentials / str(credential), name + CREDENTIAL, 0o007)

    return secret


def _text(path: Path, setting: str, forbidden: int, closed: Sequence[Path] = ()) -> str:
    """The content of a file, without the end of its line. Judged on the open descriptor; links are not followed."""

    def wrong(problem: str) -> SourceError:
        return SourceError("source.secret", setting=setting, problem=problem)

    if not path.is_absolute():
        raise wrong("the path is not absolute")
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise wrong("there is no such file, or it cannot be opened") from None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise wrong("it is no file")
        if status.st_nlink > 1 and closed:
            raise wrong("it has another name as well")
        place = Path(os.readlink(f"/proc/self/fd/{file}"))
        if any(place.is_relative_to(one.resolve()) for one in closed):
            raise wrong("it lies in the node's own folder")
        if status.st_mode & forbidden:
            raise wrong("others may read it; do: chmod 600")
        if status.st_uid not in (os.geteuid(), 0):
            raise wrong("it belongs to another user than the node's")
        data = os.read(file, LONGEST + 1)
    except OSError:
        raise wrong("it cannot be read") from None
    finally:
        os.close(file)
    return _decoded(data, wrong)


def _decoded(data: bytes, wrong: Callable[[str], SourceError]) -> str:
    if len(data) > LONGEST:
        raise wrong("it is too long")
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise wrong("it is no text in UTF-8") from None
    if not text or "\0" in text:
        raise wrong("it is empty")
    return text


def exposed(settings: Mapping[str, Any]) -> Sequence[str]:
    """What looks like the value of a secret, in sentences that say what to write instead; never with the value."""
    return [
        f"{name}: looks like a secret, and settings hold none. Put it into a file of mode 0600 and write "
        f"{_base(name)}_file=/path, or give it to the service by systemd and write {_base(name)}_credential=NAME"
        for name, value in settings.items()
        if _is_secret(name, value)
    ]


def _base(name: str) -> str:
    return name if _NAMES.search(name) else "password"


def _is_secret(name: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_is_secret(str(inner), held) for inner, held in value.items())
    if isinstance(value, list | tuple):
        return any(_is_secret(name, held) for held in value)
    if name.endswith((FILE, CREDENTIAL)):
        return False
    return bool(_NAMES.search(name)) or (isinstance(value, str) and _holds(value))


def _holds(value: str) -> bool:
    """Does a text bring a secret along: a URL with a password or a token, a line of settings with one?"""
    if _PAIR.search(value):
        return True
    try:
        url = urlsplit(value)
        return url.password is not None or any(_NAMES.search(key) for key, _ in parse_qsl(url.query))
    except ValueError:
        return True
