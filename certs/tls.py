"""TLS contexts: for serving with a certificate, for calling, and for asking who is at the other end.

What lives here: versions, what is trusted, what is shown. What does not: sockets, files that change (`connector.http`),
revocation (`revocation`): a handshake proves a path to a root, what is more is asked with each request.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path


def server(certificate: Path, key: Path, *, roots: Sequence[str] = (), modern: bool = False) -> ssl.SSLContext:
    """To serve with. Clients are asked for a certificate where `roots` (PEM) are given, and one that leads to none of
    them ends the handshake; those without one get in. `modern`: TLS 1.3 only. Raises `OSError`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if modern else ssl.TLSVersion.TLSv1_2
    # An encrypted key is refused rather than asked for at the terminal.
    context.load_cert_chain(certificate, key, password="")
    context.set_alpn_protocols(["http/1.1"])
    if roots:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata="\n".join(roots))
        # A resumed session would show the certificate of its first handshake, however long that is ago.
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET
    return context


def client(
    authorities: Path | None, *, roots: Sequence[str] = (), own: tuple[Path, Path] | None = None, modern: bool = False
) -> ssl.SSLContext:
    """To call with: servers are verified against the system's authorities, those of the file, and `roots` (PEM).

    `own` is a certificate chain and its key, shown to whoever asks. Raises `OSError`.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if modern else ssl.TLSVersion.TLSv1_2
    if authorities is not None:
        context.load_verify_locations(cafile=authorities)
    if roots:
        context.load_verify_locations(cadata="\n".join(roots))
    if own is not None:
        context.load_cert_chain(*own, password="")
    return context
