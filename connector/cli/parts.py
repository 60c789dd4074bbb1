"""What has come of a file so far: `FILE.part`, and beside it `FILE.part.json`, which says of which answer it is.

What does not live here: fetching (`connector.cli.data`). A rest goes on only with the answer that it is the rest of:
who asks for it names that answer and the hash of what is here.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from connector.cli.errors import CommandError
from connector.cli.words import either

_PIECE = 1 << 20


class Before(NamedTuple):
    """What is here already: how many bytes, their SHA-256 as an object that goes on, and of which answer they are (""
    where nobody noted it)."""

    bytes: int
    digest: Any
    etag: str

    @property
    def headers(self) -> Mapping[str, str]:
        """What asks for the rest."""
        have = base64.b64encode(self.digest.digest()).decode()
        same = {"If-Range": self.etag, "Allmende-Have": f"sha-256=:{have}:"} if self.etag else {}
        return {"Range": f"bytes={self.bytes}-", **same}


class Part:
    """The part of a file; `question` is what was asked: the path and the query."""

    def __init__(self, file: Path, path: str, query: Mapping[str, Any]) -> None:
        self.file, self.path = file, file.with_name(f"{file.name}.part")
        self._note = file.with_name(f"{file.name}.part.json")
        self._question = [path, {name: str(value) for name, value in query.items() if value not in (None, "")}]

    def before(self) -> Before | None:
        """What is here, None where nothing is. Raises `CommandError` where it is of another question."""
        if not self.path.exists() or not self.path.stat().st_size:
            return None
        noted = self._noted()
        if noted and noted.get("question") != self._question:
            said = either(
                f"{self.path} is of another question. Ask the same again, or fetch anew without --resume.",
                f"{self.path} gehört zu einer anderen Frage. Fragen Sie dasselbe noch einmal, oder ohne --resume neu.",
            )
            raise CommandError(said, "part.other", {"file": str(self.path)})
        digest, size = hashlib.sha256(), 0
        with self.path.open("rb") as here:
            while piece := here.read(_PIECE):
                digest.update(piece)
                size += len(piece)
        return Before(size, digest, str(noted.get("etag", "")))

    def begin(self, etag: str) -> None:
        """Note of which answer it is, before anything of it is written."""
        from msgspec import json

        if not etag:
            self._note.unlink(missing_ok=True)
            return
        self._note.write_bytes(json.encode({"etag": etag, "question": self._question}))

    def done(self) -> None:
        """It is whole: it takes the file's name, for good."""
        self.path.replace(self.file)
        self._note.unlink(missing_ok=True)
        handle = os.open(self.file.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def discard(self) -> None:
        """It is worth nothing."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _noted(self) -> dict[str, Any]:
        from msgspec import DecodeError, json

        try:
            return json.decode(self._note.read_bytes(), type=dict[str, Any])
        except (OSError, DecodeError, UnicodeDecodeError):
            return {}
