"""Enrolment over Secure Transport: how nodes and devices get certificates from a region (RFC 7030).

What lives here: the four operations, with and without a label (3.2.2), and who is asking: whoever has a one-time code
(HTTP Basic, the code as password; 3.2.3), whoever shows a certificate of this region (3.3.2), whoever proves its DID by
a message token, a device of this node by a token of its own. What does not: who gets what, and what a node has to prove
beside its code (`connector.services.region.certificates`), the form of requests (`certs.enrol`).

Linking a request to its connection (3.5) is not possible under TLS 1.3 and takes no place: a code is good once, and a
token for one message.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence

import structlog
from cryptography import x509

from certs import enrol
from certs.authority import Profile
from certs.region import RegionKeys
from certs.x509 import CertificateError, Chain, Purpose, members
from connector.errors import NodeError, RefusedError, UnauthenticatedError, UnknownError
from connector.http.exchange import Headers, Request, Response
from connector.http.problems import HttpError, problem, told
from connector.http.publications import Publications
from connector.ports import Caller, Proofs
from connector.sentences import language_of
from connector.services.intake import Intake
from connector.services.region.certificates import Certificates

log = structlog.get_logger()
BASE = "/.well-known/est"
_BASE64 = {"content-transfer-encoding": "base64", "cache-control": "no-store"}
_CERTIFICATES: Headers = {"content-type": "application/pkcs7-mime", **_BASE64}
_ISSUED: Headers = {"content-type": "application/pkcs7-mime; smime-type=certs-only", **_BASE64}
_ATTRIBUTES: Headers = {"content-type": "application/csrattrs", **_BASE64}
_CHALLENGE: Headers = {"www-authenticate": 'Basic realm="est", Bearer'}

Verify = Callable[[Sequence[bytes], Purpose, Sequence[x509.Certificate]], Chain]
"""A path from certificates that were shown to one of these roots; raises `CertificateError`."""
Prove = Callable[[str], Awaitable[Caller]]
Operation = Callable[[Request, Profile | None], Awaitable[Response]]


class Est:
    """The endpoints of a region whose keys are `keys()`."""

    def __init__(
        self,
        *,
        certificates: Certificates,
        keys: Callable[[], RegionKeys],
        verify: Verify,
        proofs: Proofs,
        intake: Intake,
    ) -> None:
        self._certificates, self._keys, self._verify = certificates, keys, verify
        self._proofs, self._intake = proofs, intake
        self.devices: Prove | None = None
        """Proves devices by their tokens (CWT), where this node has any."""

    def publish(self, publications: Publications) -> None:
        """Enter the paths."""
        operations: dict[str, tuple[str, Operation]] = {
            "cacerts": ("GET", self._cacerts),
            "csrattrs": ("GET", self._csrattrs),
            "simpleenroll": ("POST", self._enroll),
            "simplereenroll": ("POST", self._reenroll),
        }
        for name, (method, operation) in operations.items():
            publications.add(method, f"{BASE}/{name}", self._serving(operation))
            publications.add(method, f"{BASE}/{{label}}/{name}", self._serving(operation))

    def _serving(self, operation: Operation) -> Callable[[Request, tuple[str, ...]], Awaitable[Response]]:
        async def serve(request: Request, values: tuple[str, ...]) -> Response:
            try:
                return await operation(request, _profile(values))
            except UnauthenticatedError as error:
                log.info("est.unauthenticated", code=error.reason.code)
                language = language_of(request.headers.get("accept-language", ""))
                return problem(error, language, _CHALLENGE, told(error))
            except RefusedError as error:
                log.info("est.refused", code=error.reason.code)
                raise

        return serve

    async def _cacerts(self, request: Request, profile: Profile | None) -> Response:
        """4.1: every root and authority, with what they say of each other."""
        keys = self._keys()
        known = [keys.root, *(one.certificate for one in keys.authorities), *keys.crosses, *keys.former_roots]
        return Response(200, _CERTIFICATES, enrol.certs_only(known))

    async def _csrattrs(self, request: Request, profile: Profile | None) -> Response:
        """4.5."""
        return Response(200, _ATTRIBUTES, enrol.attributes())

    async def _enroll(self, request: Request, profile: Profile | None) -> Response:
        """4.2.1: by a one-time code; a member may use its token as for renewal."""
        _check_media(request)
        code = _code(request.headers.get("authorization", ""))
        if code is None:
            return await self._by_token(request, profile)
        return _issued(await self._certificates.enrol(code, request.body, profile))

    async def _reenroll(self, request: Request, profile: Profile | None) -> Response:
        """4.2.2: by the certificate that was shown, or by a token: whoever brings one means that."""
        _check_media(request)
        if not request.shown or request.headers.get("authorization", "")[:7].lower() == "bearer ":
            return await self._by_token(request, profile)
        try:
            leaf = self._verify(request.shown, Purpose.CLIENT, self._roots()).leaf
            names = members(leaf)
        except CertificateError as error:
            raise RefusedError(error.code, **error.params) from None
        if len(names) != 1:
            raise RefusedError("certificate.names")
        return _issued(await self._certificates.renew(names[0], request.body, profile, proof=leaf))

    async def _by_token(self, request: Request, profile: Profile | None) -> Response:
        said = request.headers.get("authorization", "")
        if self.devices is not None and said and "." not in said:
            caller = await self.devices(said)
        else:
            caller = await self._proofs.bare(request.headers.get("authorization"))
        try:
            made = await self._certificates.renew(caller.id, request.body, profile, proof=caller)
        except NodeError as error:
            await self._refused(caller, error)
            raise
        return _issued(made)

    async def _refused(self, caller: Caller, error: NodeError) -> None:
        if not isinstance(error, UnauthenticatedError):
            await self._intake.refuse(caller, "est", error)

    def _roots(self) -> list[x509.Certificate]:
        keys = self._keys()
        return [keys.root, *keys.former_roots]


def _profile(values: tuple[str, ...]) -> Profile | None:
    """What the label asks for; None without one. Raises `UnknownError`."""
    if not values:
        return None
    try:
        return Profile(values[0])
    except ValueError:
        raise UnknownError("http.path") from None


def _check_media(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/pkcs10":
        raise HttpError(415, "http.media_type")


def _code(authorization: str) -> str | None:
    """The password of HTTP Basic (RFC 7617); None where something else is said."""
    scheme, _, said = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(said.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        raise UnauthenticatedError("token.missing") from None


def _issued(certificate: x509.Certificate) -> Response:
    """4.2.3: the certificate and nothing else."""
    return Response(200, _ISSUED, enrol.certs_only([certificate]))
