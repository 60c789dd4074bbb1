"""The certificate of a listener: read from files, read again when they change.

What lives here: a server-side TLS context and its renewal. What does not: making certificates. A new certificate counts
from the next handshake on; files that do not fit together, as in the middle of a renewal, leave the old one in place.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from connector.errors import InputError

Stamp = tuple[int, ...]


class Certificate:
    """Certificate chain and key, as PEM files. `failed` is told when a changed pair cannot be used."""

    def __init__(self, certificate: Path, key: Path, failed: Callable[[], None] = lambda: None) -> None:
        """Raises `InputError` where the files cannot be read or do not fit together."""
        self._certificate, self._key, self._failed = certificate, key, failed
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

    def _on_hello(self, handshake: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        """Two `stat` calls a handshake are cheap beside its signature."""
        if (stamp := self._stamp()) != self._seen:
            self._seen = stamp
            try:
                self._current = self._load()
            except OSError:
                self._failed()
        handshake.context = self._current

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # An encrypted key is refused rather than asked for at the terminal.
        context.load_cert_chain(self._certificate, self._key, password="")
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _stamp(self) -> Stamp:
        """What changes when a file is replaced or written; empty while one is missing."""
        try:
            stats = [path.stat() for path in (self._certificate, self._key)]
        except OSError:
            return ()
        return tuple(number for stat in stats for number in (stat.st_ino, stat.st_mtime_ns, stat.st_size))
