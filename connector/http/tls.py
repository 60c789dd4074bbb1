"""The certificate of a listener: read from files, read again when they change.

What lives here: a server-side TLS context and its renewal. What does not: making certificates. A new certificate counts
from the next handshake on; files that do not fit together, as in the middle of a renewal, leave the old one in place.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

import structlog

from certs import tls
from connector.errors import InputError
from policies.model import Reason

log = structlog.get_logger()

_TICKETS = 2
"""How many tickets for resuming a session a client gets; what OpenSSL does by itself."""
Stamp = tuple[int, ...]


class Certificate:
    """Certificate chain and key, as PEM files."""

    def __init__(self, certificate: Path, key: Path, *, modern: bool = False) -> None:
        """`modern`: TLS 1.3 only. Raises `InputError` where the files cannot be read or do not fit together."""
        self._certificate, self._key, self._modern = certificate, key, modern
        self._roots: tuple[str, ...] = ()
        self._wrong: Reason | None = None
        self._seen = self._stamp()
        try:
            self._current = self._load()
        except OSError:
            raise InputError("tls.unreadable", certificate=str(certificate), key=str(key)) from None
        self._front = self._load()
        self._front.sni_callback = self._on_hello

    @property
    def context(self) -> ssl.SSLContext:
        """The context to listen with; each handshake takes the certificate that is current then."""
        return self._front

    def ask(self, roots: Sequence[str]) -> None:
        """From the next handshake on, ask clients for a certificate that leads to one of these roots (PEM); none: ask
        for nothing. Where the files cannot be read just now, it counts as soon as they can."""
        if tuple(roots) == self._roots:
            return
        self._roots, self._seen = tuple(roots), ()
        # Whether to ask is taken from the context that listens, whom to believe from the one that takes over.
        self._front.verify_mode = ssl.CERT_OPTIONAL if roots else ssl.CERT_NONE
        self._front.num_tickets = 0 if roots else _TICKETS
        self._look()

    def wrong(self) -> Reason | None:
        """Why the files as they are now cannot be used, so that the former pair is served; None where all is well."""
        self._look()
        return self._wrong

    def _on_hello(self, handshake: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        """Two `stat` calls a handshake are cheap beside its signature. A connection keeps what it began with."""
        self._look()
        handshake.context = self._current

    def _look(self) -> None:
        """Take the files as they are, if they have changed.

        INVARIANT: a pair is served only if it was loaded whole and its key fits; half of a new one never is. What was
        seen is noted from before it was read: a file that changes meanwhile is read once more.
        """
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._current = self._load()
        except OSError:
            self._wrong = Reason("tls.kept")
            log.warning("tls.kept")
        else:
            self._wrong = None
            log.info("tls.renewed")

    def _load(self) -> ssl.SSLContext:
        return tls.server(self._certificate, self._key, roots=self._roots, modern=self._modern)

    def _stamp(self) -> Stamp:
        """What changes when a file is replaced, written or made readable, through links; empty while one is missing."""
        try:
            stats = [path.stat() for path in (self._certificate, self._key)]
        except OSError:
            return ()
        return tuple(number for s in stats for number in (s.st_dev, s.st_ino, s.st_ctime_ns, s.st_mtime_ns, s.st_size))
