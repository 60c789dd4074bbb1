"""Everybody but the node under test, as the DCP kit plays them: holder, issuer, verifier and a third party, with keys
of their own, over calls instead of HTTP.

What lives here: their documents, tokens, credentials and answers, written as the kit writes them: bare UUIDs as ids,
token and document of a credential with ids and ends of their own, Data Model 1.1 alone. What does not: the scenarios
(`test_claims`), the node (`tests.harness.claims`).
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from certs import did, jwk, jws
from connector.errors import DeliveryError, NodeError
from connector.http.exchange import Request, Response
from connector.http.problems import status_of
from connector.ports import Reply
from connector.protocol.dcp import CONTEXT, READ, type_scope
from scripts.lib.ports import free_port
from tests.harness.claims import MEMBERSHIP, PID, SENSITIVE, ClaimsNode

V1 = "https://www.w3.org/2018/credentials/v1"
VC11 = "vc11-sl2021/jwt"
LIFE = 600
PARTIES = ("holder", "issuer", "verifier", "thirdparty")
MEMBERS, SECRETS = type_scope(MEMBERSHIP) + READ, type_scope(SENSITIVE) + READ


class Claims:
    """The kit's side, and calls to the node under test."""

    def __init__(self, directory: Path) -> None:
        self.address = f"http://127.0.0.1:{free_port()}"
        self.keys = {name: generate_private_key(SECP256R1()) for name in PARTIES}
        self.under_test = ClaimsNode(directory, free_port(), self.address, network=self)
        self.node = self.under_test.node
        self.got: list[Mapping[str, Any]] = []
        self.presentation: list[str] = []

    # --- who they are -------------------------------------------------------------------------------------------------

    def did(self, name: str) -> str:
        """The DID of one of them."""
        return did.of_url(f"{self.address}/{name}")

    def _document(self, name: str) -> Mapping[str, Any]:
        own = self.did(name)
        kid = f"{own}#key"
        service = "IssuerService" if name == "issuer" else "CredentialService"
        key = {"id": kid, "type": "JsonWebKey2020", "controller": own}
        return {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/dspace-dcp/v1.0"],
            "id": own,
            "service": [{"id": "kit", "type": service, "serviceEndpoint": self.address}],
            "verificationMethod": [{**key, "publicKeyJwk": jwk.write(self.keys[name].public_key())}],
            **{relation: [kid] for relation in did.RELATIONS},
        }

    def signed(self, name: str, claims: Mapping[str, Any], key: Any = None) -> str:
        """A token with these claims, under the key that `name` publishes, or another one."""
        header = {"kid": f"{self.did(name)}#key", "typ": "JWT"}
        return jws.sign(key or self.keys[name], header, json.dumps(claims).encode())

    def token(self, name: str, *, key: Any = None, **changed: Any) -> str:
        """A message token of `name` for the node, with claims changed; None leaves one out."""
        now = int(time.time())
        own = self.did(name)
        claims = {"iss": own, "sub": own, "aud": self.node.did, "jti": str(uuid.uuid4()), "iat": now, "exp": now + LIFE}
        return self.signed(name, {n: v for n, v in (claims | changed).items() if v is not None}, key)

    # --- credentials --------------------------------------------------------------------------------------------------

    def credential(self, subject: str, kind: str = MEMBERSHIP, **changed: Any) -> str:
        """A credential of the issuer about `subject`."""
        now = datetime.now(UTC)
        document = {
            "@context": [V1],
            "id": str(uuid.uuid4()),
            "type": ["VerifiableCredential", kind],
            "issuer": self.did("issuer"),
            "issuanceDate": now.isoformat(),
            "expirationDate": (now + timedelta(seconds=LIFE)).isoformat(),
            "credentialSubject": {"id": subject, "foo": "bar"},
        }
        at = int(time.time())
        claims = {"iss": self.did("issuer"), "sub": subject, "jti": str(uuid.uuid4()), "nbf": at, "iat": at}
        return self.signed("issuer", {**claims, "exp": at + 300, "vc": document | changed})

    def shown(self, *credentials: str) -> str:
        """A presentation of the holder's for the node."""
        now, own = int(time.time()), self.did("holder")
        document = {"@context": [V1], "type": "VerifiablePresentation", "verifiableCredential": list(credentials)}
        claims = {"iss": own, "sub": own, "aud": self.node.did, "jti": str(uuid.uuid4()), "iat": now, "nbf": now}
        return self.signed("holder", {**claims, "exp": now + 300, "vp": document})

    # --- being asked: the ports of the node ---------------------------------------------------------------------------

    async def send(
        self, method: str, url: str, *, authorization: str | None = None, body: bytes | None = None, **more: Any
    ) -> Reply:
        """See `ports.Sends.send`."""
        path = urlsplit(url).path
        if not url.startswith(self.address):
            raise DeliveryError("peer.unreachable")
        if path == "/presentations/query":
            scopes = json.loads(body or b"")["scope"]
            assert scopes == [MEMBERS]
            answer = {"@context": [CONTEXT], "type": "PresentationResponseMessage", "presentation": self.presentation}
            return Reply(200, json.dumps(answer).encode())
        if path == "/credentials":
            message = json.loads(body or b"")
            assert message["holderPid"] == PID
            self.got += message["credentials"]
            return Reply(201, b"")
        return Reply(404, b"")

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        """See `certs.did.Fetch`."""
        name = urlsplit(url).path.split("/")[1]
        if not private or not url.endswith("/did.json") or name not in PARTIES:
            raise DeliveryError("peer.status", status="404")
        return json.dumps(self._document(name)).encode()

    async def open(self, url: str, **more: Any) -> Any:
        """Data is not carried here."""
        raise DeliveryError("peer.unreachable")

    async def close(self) -> None:
        """Nothing is open."""

    # --- asking -------------------------------------------------------------------------------------------------------

    def service(self, kind: str) -> str:
        """The path of a service of the node, as its document has it."""
        found = did.read(self.node.document.body(), self.node.did)
        return urlsplit(found.services[kind]).path

    async def ask(self, method: str, path: str, authorization: str | None, message: Any = None) -> Response:
        """The node's answer."""
        headers = {} if authorization is None else {"authorization": authorization}
        body = b"" if message is None else json.dumps(message).encode()
        return await self.node.dsp.handle(Request(method, path, "", headers, body))

    async def trigger(self, authorization: str | None) -> int:
        """The status with which the node's verifier takes a call."""
        try:
            await self.under_test.called(authorization)
        except NodeError as error:
            return status_of(error)
        return 200

    async def grant(self, *scopes: str) -> str:
        """An access token of the node for the verifier, out of what its token service gives."""
        made = await self.under_test.token(self.did("verifier"), scopes)
        claims = json.loads(jws.read(made, limit=8192, allowed=frozenset({"alg", "kid", "typ"})).payload)
        return str(claims["token"])

    async def until(self, ready: Any) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(10):
            while not ready():
                await asyncio.sleep(0.01)
