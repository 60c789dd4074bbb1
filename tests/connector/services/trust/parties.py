"""Parties that speak the Decentralized Claims Protocol to each other: real stores, tokens, endpoints; no network.

Each party is a holder, and an issuer with members where it is asked to be one. `Town.calls` are the calls that were
made, `broken` says what happens to one on its way. A test runs its coroutine with `tests.harness.virtual.run`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from certs import checkpoint, did, jwk, jwt, keys
from certs.did import Document, Service
from connector.errors import DeliveryError, UnauthenticatedError
from connector.http.dcp import HolderEndpoints, IssuerEndpoints
from connector.http.exchange import Request, Response
from connector.http.publications import Publications
from connector.ports import Caller, Reply
from connector.records import Logged
from connector.services.region.issuing import Issuing, Kind, kinds_of
from connector.services.region.members import Members
from connector.services.region.revocation import Revocation
from connector.services.trust.calls import Calls
from connector.services.trust.lists import StatusLists
from connector.services.trust.passes import Passes
from connector.services.trust.presenting import Presenting, Signer
from connector.services.trust.wallet import Wallet
from connector.store.sqlite import SqliteStore
from tests.harness.virtual import SeededIds, VirtualClock

AUDIT = keys.generate()
ROOT = b"root of a region"
MEMBERSHIP = "MembershipCredential"


class Town:
    """Everybody, by DID and by host."""

    def __init__(self) -> None:
        self.parties: dict[str, Party] = {}
        self.calls: list[tuple[str, str]] = []
        self.broken: Callable[[str, str], Reply | None] = lambda method, url: None
        self.lost: Callable[[str, str], bool] = lambda method, url: False

    async def document(self, did: str, *, private: bool = False, lacking: str = "", fresh: bool = False) -> Document:
        """See `ports.Documents`."""
        found = self.parties.get(did)
        if found is None:
            raise DeliveryError("peer.unreachable")
        return found.document

    async def send(
        self,
        method: str,
        url: str,
        *,
        authorization: str | None = None,
        body: bytes | None = None,
        private: bool = False,
        deadline: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `ports.Sends`."""
        self.calls.append((method, url))
        broken = self.broken(method, url)
        if broken is not None:
            return broken
        parts = urlsplit(url)
        party = next(one for one in self.parties.values() if one.url == f"{parts.scheme}://{parts.netloc}")
        headers = {} if authorization is None else {"authorization": authorization}
        response = await party.asked(method, parts.path, headers, body or b"")
        if self.lost(method, url):
            raise DeliveryError("peer.disconnected")
        return Reply(response.status, response.body, response.headers)

    async def fetch(self, url: str, *, private: bool = False, limit: int = 0) -> bytes:
        """See `certs.did.Fetch`."""
        reply = await self.send("GET", url)
        if reply.status != 200:
            raise DeliveryError("peer.status", status=str(reply.status))
        return reply.body


class Party:
    """One of them. `issues` makes it a region."""

    def __init__(
        self, name: str, folder: Path, town: Town, *, issues: bool = False, kinds: tuple[Kind, ...] = ()
    ) -> None:
        self.name, self.url, self.town = name, f"https://{name}.example", town
        self.did = did.of_url(self.url)
        self.key, self.issuer_key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
        self.clock, self.ids = VirtualClock(), SeededIds(name)
        self.folder, self.issues, self.kinds = folder, issues, kinds
        self.document = self._document()
        town.parties[self.did] = self
        self._made()

    def _made(self) -> None:
        """Everything that a process has; the store is what stays."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = SqliteStore.open(self.folder / "state.db", clock=self.clock, sign_head=self._head, threaded=False)
        self.publications = Publications("")
        self.passes = Passes(lambda: b"grant key of " + self.name.encode())
        shared: dict[str, Any] = {"store": self.store, "clock": self.clock, "ids": self.ids, "did": self.did}
        self.calls = Calls(peer=self.town, proofs=self, documents=self.town)
        self.lists = StatusLists(store=self.store, fetch=self.town, clock=self.clock, seconds=300.0, lab=False)
        self.wallet = Wallet(**shared, calls=self.calls, documents=self.town, passes=self.passes, lists=self.lists)
        self.presenting = Presenting(**shared, passes=self.passes, signer=lambda: Signer(self.key, f"{self.did}#token"))
        HolderEndpoints(proofs=self, wallet=self.wallet, presenting=self.presenting).enter(self.publications)
        if self.issues:
            self._region(shared)

    def _region(self, shared: Mapping[str, Any]) -> None:
        def signer() -> Signer:
            return Signer(self.issuer_key, f"{self.did}#issuer")

        self.members = Members(store=self.store, clock=self.clock, ids=self.ids, root=lambda: ROOT)
        self.revocation = Revocation(**shared, base=f"{self.url}/status", signer=signer, hours=24.0)
        self.members.told.append(self.revocation.member_changed)
        self.issuing = Issuing(
            **shared,
            base=f"{self.url}/issuer",
            members=self.members,
            revocation=self.revocation,
            calls=self.calls,
            signer=signer,
            kinds=self.kinds or kinds_of(self.did),
            days=90.0,
        )
        IssuerEndpoints(proofs=self, issuing=self.issuing, revocation=self.revocation).enter(self.publications)

    async def start(self) -> Party:
        await self.wallet.start()
        if self.issues:
            await self.issuing.start()
        return self

    async def close(self) -> None:
        await self.wallet.close()
        if self.issues:
            await self.issuing.close()
        await self.store.close()

    async def again(self) -> None:
        """A new process over the same store."""
        await self.close()
        self._made()
        await self.start()

    # --- who it is ----------------------------------------------------------------------------------------------------

    def _document(self) -> Document:
        public = {"token": self.key.public_key()} | ({"issuer": self.issuer_key.public_key()} if self.issues else {})
        services = [Service("claims", "CredentialService", f"{self.url}/dcp")]
        if self.issues:
            services.append(Service("issuing", "IssuerService", f"{self.url}/issuer"))
        made = did.document(
            self.url, f"{self.url}/dsp", {name: jwk.write(key) for name, key in public.items()}, services
        )
        return did.read(json.dumps(made).encode(), self.did)

    def _head(self, size: int, root: bytes, at: int) -> str:
        return checkpoint.signed(checkpoint.Checkpoint(self.did, size, root), AUDIT.head_public, AUDIT.sign_head)

    def token(self, audience: str, *, grant: str = "", code: str = "", jti: str = "") -> str:
        """A message token of this party."""
        now = self.clock.now()
        kid, drawn = f"{self.did}#token", jti or self.ids.token()
        made = jwt.issue(self.key, kid, issuer=self.did, audience=audience, now=now, jti=drawn, token=grant, code=code)
        return f"Bearer {made}"

    async def introduce(self, audience: str, *, grant: str = "", code: str = "") -> str:
        """See `ports.Proofs`."""
        return self.token(audience, grant=grant, code=code)

    async def bare(self, authorization: str | None) -> Caller:
        """See `ports.Proofs`."""
        if authorization is None or not authorization.startswith("Bearer "):
            raise UnauthenticatedError("token.missing")

        def keys_of(issuer: str) -> Mapping[str, Any] | None:
            found = self.town.parties.get(issuer)
            return None if found is None else {id: jwk.read(found.document.keys[id]) for id in found.document.tokens}

        try:
            found = jwt.verify(
                authorization.removeprefix("Bearer "), audience=self.did, keys_of=keys_of, now=self.clock.now()
            )
        except jwt.TokenError as error:
            raise UnauthenticatedError(error.code) from error
        return Caller(found.iss, found.jti, found.accepted_until(), grant=found.token or "", code=found.code or "")

    # --- being asked --------------------------------------------------------------------------------------------------

    async def asked(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """What this party answers."""
        request = Request(method=method, path=path, query="", headers=headers, body=body)
        found = self.publications.find(request)
        assert found is not None, path
        return await found.answer(request)

    async def post(self, path: str, message: Any, authorization: str | None = None) -> Response:
        """The answer to a message as JSON."""
        headers = {} if authorization is None else {"authorization": authorization}
        return await self.asked("POST", path, headers, json.dumps(message).encode())

    async def events(self) -> list[Logged]:
        """The log."""
        return await self.store.read(lambda view: view.log(limit=1000))
