"""The road to a node, link by link: name, address, route, TLS, status, body, identity, keys.

What lives here: going it once and naming the first broken link, with what a person needs to mend it. What does not: who
may have it gone (`services.watch.probes`), what else may be wrong with a node (`connector.doctor`).
Sources: did:web Method Specification (where the document is); Dataspace Protocol 2025-1, Exposure of Versions; OpenSSL
`x509_vfy.h` (result codes of verification).

Names are resolved and judged as for any other request (`addresses`); what is connected to is what was judged.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from cryptography import x509
from msgspec import Struct
from yarl import URL

from certs import did, jwk
from certs.did import DidError
from certs.strict import StrictError, read_object
from connector.errors import DeliveryError
from connector.http.addresses import Lookup, allowed, check, is_address, parse
from connector.http.client import system_lookup
from connector.ports import Peer, Reply
from connector.protocol.messages import JsonObject
from connector.protocol.paths import VERSION_PATH, join
from policies.model import Reason

PATIENCE = 5.0
"""Seconds for each link."""
SOON_CODE = "reach.tls_soon"
SOON = 14.0
"""Days before its end from which a certificate is worth a word."""
_DAY = 86_400.0
_EXPIRED, _EARLY, _NAME = 10, 9, (62, 64)
_OTHER_PATH = ("http.path", "token.refused")
"""What a node of this kind answers where a document is asked for under a path that is none of its open ones."""


class Road:
    """Goes to nodes. `context` is what certificates are judged by; with `proxied` all connections are made by the
    client's own proxy, and name and route are its business."""

    def __init__(
        self,
        *,
        peer: Peer,
        context: ssl.SSLContext,
        lookup: Lookup = system_lookup,
        patience: float = PATIENCE,
        proxied: bool = False,
    ) -> None:
        self._peer, self._context, self._lookup = peer, context, lookup
        self._patience, self._proxied = patience, proxied

    async def follow(self, url: str, who: str, keys: Mapping[str, JsonObject], *, private: bool) -> Reason | None:
        """Go to the node with root `url`, which should be the DID `who` with these keys. None where nothing is broken.

        Codes begin with `reach.`. A certificate that ends soon is told only where nothing else is wrong.
        """
        found = await self.connect(url, private=private)
        if found is not None and found.code != SOON_CODE:
            return found
        return await self.documents(url, who, keys, private=private) or found

    # --- name, route, TLS ---------------------------------------------------------------------------------------------

    async def connect(self, url: str, *, private: bool) -> Reason | None:
        """Name, address, route and TLS of a URL."""
        if self._proxied:
            return None
        target = parse(url)
        host, port = target.raw_host or "", target.port or 443
        try:
            addresses = [host] if is_address(host) else await asyncio.wait_for(self._lookup(host, port), self._patience)
        except (OSError, TimeoutError):
            return Reason("reach.name", {"host": host})
        try:
            check(addresses, allowed(target.scheme == "http", private))
        except DeliveryError:
            return Reason("reach.address", {"host": host, "address": ", ".join(addresses)[:200]})
        return await self._connected(target, host, addresses[0], port)

    async def _connected(self, url: URL, host: str, address: str, port: int) -> Reason | None:
        where = {"host": host, "address": address, "port": str(port)}
        secure = self._context if url.scheme == "https" else None
        try:
            async with asyncio.timeout(self._patience):
                _, writer = await asyncio.open_connection(
                    address, port, ssl=secure, server_hostname=host if secure else None
                )
        except ssl.SSLCertVerificationError as wrong:
            return await self._judged(wrong, where)
        except ssl.SSLError as wrong:
            return Reason("reach.tls", {**where, "problem": wrong.reason or "handshake"})
        except ConnectionRefusedError:
            return Reason("reach.refused", where)
        except TimeoutError:
            return Reason("reach.silent", where)
        except OSError as error:
            return Reason("reach.route", {**where, "problem": error.strerror or type(error).__name__})
        try:
            return _soon(writer, where) if secure else None
        finally:
            writer.close()

    async def _judged(self, wrong: ssl.SSLCertVerificationError, where: Mapping[str, str]) -> Reason:
        """Why a certificate does not count, with what it says of itself."""
        shown = await self._shown(where)
        names, until = ("?", "?") if shown is None else (_names(shown), _day(shown.not_valid_after_utc))
        code = wrong.verify_code
        if code == _EXPIRED:
            return Reason("reach.tls_expired", {**where, "until": until})
        if code == _EARLY:
            since = "?" if shown is None else _day(shown.not_valid_before_utc)
            return Reason("reach.tls_early", {**where, "since": since})
        if code in _NAME:
            return Reason("reach.tls_name", {**where, "names": names})
        return Reason("reach.tls_trust", {**where, "problem": wrong.verify_message})

    async def _shown(self, where: Mapping[str, str]) -> x509.Certificate | None:
        """The certificate that is shown there, whatever it is worth. Nothing is sent over this connection."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with contextlib.suppress(OSError, ValueError):
            async with asyncio.timeout(self._patience):
                _, writer = await asyncio.open_connection(
                    where["address"], int(where["port"]), ssl=context, server_hostname=where["host"]
                )
            found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.close()
            return x509.load_der_x509_certificate(found)
        return None

    # --- what is said there -------------------------------------------------------------------------------------------

    async def documents(self, url: str, who: str, keys: Mapping[str, JsonObject], *, private: bool) -> Reason | None:
        """The node's DID document and its version document."""
        place = did.document_url(url)
        reply = await self._get(place, private)
        if isinstance(reply, Reason):
            return reply
        if (wrong := _status(place, reply)) is not None:
            return wrong
        if (wrong := _identity(place, reply.body, who, keys)) is not None:
            return wrong
        place = join(url, VERSION_PATH)
        reply = await self._get(place, private)
        return reply if isinstance(reply, Reason) else _status(place, reply) or _versions(place, reply.body)

    async def _get(self, url: str, private: bool) -> Reply | Reason:
        try:
            return await self._peer.send("GET", url, private=private, deadline=2 * self._patience)
        except DeliveryError as error:
            return Reason("reach.answer", {"url": url, "cause": error.reason.code})


def days_left(until: datetime, now: int) -> float:
    """Days from `now` (microseconds UTC) to an instant."""
    return (until.timestamp() - now / 1e6) / _DAY


def _soon(writer: asyncio.StreamWriter, where: Mapping[str, str]) -> Reason | None:
    """A word where the certificate that was shown ends soon. By the machine's clock, as the handshake was."""
    told = writer.get_extra_info("ssl_object").getpeercert()
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC)
    left = (until - datetime.now(UTC)).total_seconds() / _DAY
    return Reason(SOON_CODE, {**where, "days": f"{left:.0f}", "until": _day(until)}) if left < SOON else None


def _status(url: str, reply: Reply) -> Reason | None:
    """What an answer that is no 200 tells."""
    match reply.status:
        case 200:
            return None
        case 301 | 302 | 303 | 307 | 308:
            return Reason("reach.redirect", {"url": url, "to": reply.headers.get("location", "?")[:200]})
        case 404 | 401 if _code(reply.body) in _OTHER_PATH:
            return Reason("reach.prefix", {"url": url})
        case 404:
            return Reason("reach.missing", {"url": url})
        case 421:
            return Reason("reach.host", {"url": url})
        case 502 | 503 | 504:
            return Reason("reach.backend", {"url": url, "status": str(reply.status)})
        case _:
            return Reason("reach.status", {"url": url, "status": str(reply.status)})


def _identity(url: str, body: bytes, who: str, keys: Mapping[str, JsonObject]) -> Reason | None:
    try:
        found = did.read(body, who)
    except DidError as error:
        if error.code == "did.other":
            return Reason("reach.did", {"url": url, "found": error.params.get("id", "?"), "wanted": who})
        return Reason("reach.body", {"url": url})
    if not same_keys(found.pinned(), keys):
        return Reason("reach.keys", {"url": url, "did": who})
    return None


def same_keys(found: Mapping[str, JsonObject], pinned: Mapping[str, JsonObject]) -> bool:
    """True where every key that is shown is a known one under its id, by thumbprint (RFC 7638). Fewer are no others: a
    key whose time is over is published no more."""
    shown = _thumbs(found)
    return bool(shown) and shown.items() <= _thumbs(pinned).items()


def _thumbs(keys: Mapping[str, JsonObject]) -> dict[str, str]:
    return {id: jwk.thumbprint(key) for id, key in keys.items()}


def _versions(url: str, body: bytes) -> Reason | None:
    try:
        found = read_object(body)
    except StrictError:
        return Reason("reach.body", {"url": url})
    return None if isinstance(found.get("protocolVersions"), list) else Reason("reach.body", {"url": url})


class _Problem(Struct):
    code: str = ""


def _code(body: bytes) -> str:
    """The code of a problem document, or empty."""
    try:
        return msgspec.json.decode(body, type=_Problem).code
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _names(certificate: x509.Certificate) -> str:
    """The names that a certificate is made out to."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return "-"
    return ", ".join(names.get_values_for_type(x509.DNSName))[:200] or "-"


def _day(at: datetime) -> str:
    return at.date().isoformat()
