"""Mail to a real server: STARTTLS, TLS, a login; what goes wrong is a code without the server's words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from connector.errors import DeliveryError
from connector.http.client import trusting
from connector.notify.mail import Mail, MailSettings
from connector.services.watch.events import Importance
from connector.services.watch.messenger import Digest, Line
from scripts.lib.ports import free_port
from tests.harness.authority import Authority

AT = 1_800_000_000_000_000


class Box:
    """Takes mail; says no where it is told to."""

    def __init__(self) -> None:
        self.mail: list[EmailMessage] = []
        self.to: list[str] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        if self.answer.startswith("250"):
            self.mail.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
            self.to += envelope.rcpt_tos
        return self.answer


def known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """One account."""
    return AuthResult(success=(data.login, data.password) == (b"city", b"correct horse"))


@contextmanager
def post_office(box: Box, context: ssl.SSLContext | None, *, tls: bool = False, **more: Any) -> Iterator[int]:
    """A real mail server."""
    port = free_port()
    if tls:
        more["ssl_context"] = context
    elif context is not None:
        more |= {"tls_context": context, "require_starttls": True}
    controller = Controller(box, hostname="localhost", port=port, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def digest(code: str = "event.concluded", importance: Importance = Importance.ATTENTION, **params: str) -> Digest:
    line = Line(
        index=7,
        at=AT,
        last=AT,
        times=3,
        event="x",
        importance=importance,
        code=code,
        params={"peer": "stadtwerke", "asset": "bäume", **params},
    )
    return Digest(id="did:web:city#7-9", node="did:web:city", first=7, last=9, lines=(line,), more=2)


SETTINGS = {
    "sender": "allmende@city.example",
    "recipients": ("admin@city.example", "data@city.example"),
    "user": "city",
}


def mail(port: int, folder: Path, security: str = "starttls", **given: Any) -> Mail:
    password = folder / "password"
    password.write_text("correct horse\n")
    settings = MailSettings(
        host="localhost",
        port=port,
        security=security,  # type: ignore[arg-type]
        **(SETTINGS | {"password": password} | given),
    )
    context = trusting(folder / "ca" / "authority.pem")
    return Mail(settings, public_url="https://data.city.example/x", language="de", context=context, deadline=3.0)


LOGIN = {"authenticator": known, "auth_required": True}


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_digest_arrives(tmp_path: Path, security: str) -> None:
    pair, box = Authority(tmp_path / "ca").issue(), Box()
    tls = security == "tls"
    with post_office(box, pair.context, tls=tls, **({"auth_require_tls": False} if tls else {}), **LOGIN) as port:
        await mail(port, tmp_path, security).deliver(digest())
        await mail(port, tmp_path, security).deliver(digest())
    first, second = box.mail
    assert box.to[:2] == ["admin@city.example", "data@city.example"]
    assert first["Subject"] == "[Allmende] data.city.example: 3 Meldungen"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Message-ID"] == second["Message-ID"]
    text = first.get_content()
    assert "Mit stadtwerke ist ein Vertrag über „bäume“ geschlossen. (3x)" in text
    assert "Dazu 2 weitere" in text
    assert "Einträge 7 bis 9" in text
    assert "audit log --after 6" in text, "what is told begins behind the entry that is given"


async def test_an_alarm_is_seen_in_the_subject(tmp_path: Path) -> None:
    Authority(tmp_path / "ca")
    made = mail(1, tmp_path).message(digest("event.head_conflict", Importance.ALARM))
    assert "DRINGEND" in made["Subject"]
    assert "!! " in made.get_content()


async def test_what_a_peer_is_called_makes_no_header(tmp_path: Path) -> None:
    Authority(tmp_path / "ca")
    made = mail(1, tmp_path).message(digest(peer="x\r\nBcc: everybody@example.org"))
    assert made["Bcc"] is None


async def test_a_certificate_that_nobody_trusts_gets_no_password(tmp_path: Path) -> None:
    Authority(tmp_path / "ca")
    pair, box = Authority(tmp_path / "other", "other").issue(), Box()
    with post_office(box, pair.context, **LOGIN) as port, pytest.raises(DeliveryError, match=r"notify\.mail"):
        await mail(port, tmp_path).deliver(digest())
    assert box.mail == []


@pytest.mark.parametrize("fault", ["refused", "wrong password", "no server", "no file"])
async def test_what_goes_wrong_is_a_code(tmp_path: Path, fault: str) -> None:
    pair, box = Authority(tmp_path / "ca").issue(), Box()
    with post_office(box, pair.context, **LOGIN) as port:
        made = mail(free_port() if fault == "no server" else port, tmp_path)
        if fault == "refused":
            box.answer = "554 admin@city.example is not wanted"
        if fault == "wrong password":
            (tmp_path / "password").write_text("wrong")
        if fault == "no file":
            (tmp_path / "password").unlink()
        with pytest.raises(DeliveryError) as failed:
            await made.deliver(digest())
    assert failed.value.reason.code == ("notify.password" if fault == "no file" else "notify.mail")
    assert "admin@" not in str(failed.value)


@pytest.mark.parametrize(
    "given", [{"recipients": ("bürgerbüro@city.example",)}, {"user": "bücherei"}, {"sender": ":@x"}]
)
async def test_what_cannot_be_said_to_the_server_is_a_code_too(tmp_path: Path, given: dict[str, Any]) -> None:
    """So that there is patience between attempts, and health says what is the matter. The server reads ASCII alone."""
    pair, box = Authority(tmp_path / "ca").issue(), Box()
    with post_office(box, pair.context, enable_SMTPUTF8=False, **LOGIN) as port:
        made = mail(port, tmp_path, **given)
        if "user" in given:
            (tmp_path / "password").write_text("schlüssel")
        with pytest.raises(DeliveryError, match=r"notify\.mail"):
            await made.deliver(digest())
    assert box.mail == []
