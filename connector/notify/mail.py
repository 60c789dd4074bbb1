"""Digests by mail: one plain-text message to all recipients, over SMTP with STARTTLS or TLS (RFC 5321, 3207, 8314).

The server's certificate is verified. A message that was sent twice has the same Message-ID both times.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from connector.errors import DeliveryError
from connector.sentences import Language, sentence
from connector.services.watch.events import Importance
from connector.services.watch.messenger import Digest, Line
from policies.model import Reason

DEADLINE = 30.0
"""Seconds for one delivery, in all."""
Security = Literal["starttls", "tls", "none"]
MARKS = {Importance.ALARM: "!! ", Importance.ATTENTION: "!  ", Importance.NOTE: "   "}


class MailSettings(Struct, frozen=True, kw_only=True):
    """Where mail goes. `password` is a file, None where the server wants none."""

    host: str
    port: int
    security: Security
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password: Path | None = None


class Mail:
    """The channel. `public_url` is what the mail is about."""

    name = "mail"

    def __init__(
        self,
        settings: MailSettings,
        *,
        public_url: str,
        language: Language,
        context: ssl.SSLContext,
        deadline: float = DEADLINE,
    ) -> None:
        self._settings, self._language, self._context = settings, language, context
        self._deadline = deadline
        self._host = urlsplit(public_url).hostname or "node"

    async def deliver(self, digest: Digest) -> None:
        """See `services.watch.messenger.Channel`."""
        import aiosmtplib  # only where mail is set up

        own = self._settings
        try:
            async with asyncio.timeout(self._deadline):
                await aiosmtplib.send(
                    self.message(digest),
                    hostname=own.host,
                    port=own.port,
                    username=own.user or None,
                    password=_password(own.password),
                    use_tls=own.security == "tls",
                    start_tls=own.security == "starttls",
                    tls_context=None if own.security == "none" else self._context,
                )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # Of the error only its kind: a server's words may hold addresses. ValueError is for what cannot be said to
            # a server at all, such as an address that is none.
            raise DeliveryError("notify.mail", cause=type(error).__name__) from None

    def message(self, digest: Digest) -> EmailMessage:
        """The mail for a digest."""
        made = EmailMessage()
        params = {"host": self._host, "lines": str(len(digest.lines) + digest.more)}
        made["Subject"] = self._say("notify.subject_alarm" if digest.alarming else "notify.subject", params)
        made["From"] = self._settings.sender
        made["To"] = ", ".join(self._settings.recipients)
        made["Date"] = datetime.fromtimestamp(digest.lines[-1].last / 1e6, UTC)
        made["Message-ID"] = f"<{hashlib.sha256(digest.id.encode()).hexdigest()[:32]}@{self._host}>"
        made["Auto-Submitted"] = "auto-generated"
        made.set_content("\n".join(self._text(digest)) + "\n", cte="quoted-printable")
        return made

    def _text(self, digest: Digest) -> Sequence[str]:
        span = {"node": digest.node, "first": str(digest.first), "last": str(digest.last)}
        span["after"] = str(digest.first - 1)
        more = [self._say("notify.more", {"more": str(digest.more)})] if digest.more else []
        return [*map(self._line, digest.lines), *more, "", self._say("notify.foot", span)]

    def _line(self, one: Line) -> str:
        at = datetime.fromtimestamp(one.last / 1e6, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        times = f" ({one.times}x)" if one.times > 1 else ""
        return f"{MARKS[one.importance]}{at}  {self._say(one.code, one.params)}{times}"

    def _say(self, code: str, params: object) -> str:
        assert isinstance(params, dict)
        return sentence(Reason(code, params), self._language)


def _password(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise DeliveryError("notify.password") from None
