"""How a connection to a database is encrypted.

What lives here: the modes of the setting `sslmode` as a context of TLS. What does not: which mode is meant where nobody
says (`settings`).
"""

from __future__ import annotations

import ssl

from connector.errors import SourceError


def encryption(mode: str, ca: str | None) -> ssl.SSLContext | bool:
    """The context, False for no encryption. Raises `SourceError` `source.secret` for a `ca` that cannot be read."""
    if mode == "disable":
        return False
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError:
        raise SourceError("source.secret", setting="ca", problem="it cannot be read") from None
    if mode == "require":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
