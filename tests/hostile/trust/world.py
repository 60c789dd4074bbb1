"""A node that trusts a region, and everybody else: the region's issuer, its members, and those who pretend.

What lives here: the parties, what they serve, and asking the node. What does not: forms (`forge`), the network
(`internet`), judging answers (the tests).

Every party is honest until a test changes what it serves. The node is the real one; it knows the region by a record as
`trust list` has it, and its clock can be put forward.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from connector import config, founding, node
from connector.node import Node
from connector.protocol.negotiation import Negotiation
from connector.protocol.transfer import Transfer
from connector.records import Agreement, Participant, Region
from connector.system import SystemClock
from scripts.lib.ports import free_port
from tests.connector.http.listening import said
from tests.harness.authority import Pair
from tests.hostile.actors import BASE, HASTE, Answer, answer_of, message
from tests.hostile.trust import forge
from tests.hostile.trust.forge import Json, Key
from tests.hostile.trust.internet import Asked, Internet, Served, by_hand, document

DAY = 86_400.0
NOW_AND_THEN = 20.0
"""Seconds of a pause from which on it is one between rounds."""
DEADLINE = 1.5
"""Seconds that a node waits for anybody."""
CITY = "https://city.example"
"""Where the node is reached; a laboratory's would let its peers be on loopback."""
MEMBERSHIP = "MembershipCredential"
CATALOG = message("CatalogRequestMessage")
DCP = "https://w3id.org/dspace-dcp/v1.0/dcp.jsonld"
_numbers = itertools.count(1)


def number() -> str:
    """Never the same twice."""
    return f"{time.time_ns()}-{next(_numbers)}"


class Clock(SystemClock):
    """The machine's clock, put forward by `ahead` seconds."""

    ahead = 0.0

    def now(self) -> int:
        return super().now() + int(self.ahead * 1_000_000)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    async def sleep(self, seconds: float) -> None:
        """What a node does now and then, it does not do here: nobody is called but by those who ask."""
        await (super().sleep(seconds) if seconds < NOW_AND_THEN else asyncio.Event().wait())

    def seconds(self) -> float:
        """Since 1970."""
        return self.now() / 1_000_000


class Party:
    """Somebody with a domain: a DID, one key, a DID document. `serves` overrides what a path is answered with."""

    services: Mapping[str, str] = {}
    key_name = "token"

    def __init__(self, net: Internet, clock: Clock, host: str, key: Key | None = None) -> None:
        self.net, self.clock, self.host = net, clock, host
        self.did, self.url = f"did:web:{host}", f"https://{host}"
        self.key: Key = key or forge.new_key()
        self.serves: dict[str, Served | Callable[[Asked], Served]] = {}
        self.document = self.honest_document()
        net.host(host, self.answer)

    @property
    def kid(self) -> str:
        return f"{self.did}#{self.key_name}"

    def honest_document(self) -> Json:
        """What is served as long as nobody changes `document`."""
        services = {kind: self.url + path for kind, path in self.services.items()}
        return forge.did_document(self.did, [forge.method(self.did, self.key_name, forge.jwk(self.key))], services)

    async def answer(self, asked: Asked) -> Served:
        """The server behind the domain."""
        path = asked.path.partition("?")[0]
        if path in self.serves:
            given = self.serves[path]
            return given if isinstance(given, Served) else given(asked)
        if path == "/.well-known/did.json":
            return document(self.document)
        return await self.more(asked, path)

    async def more(self, asked: Asked, path: str) -> Served:
        """Further paths."""
        return Served(b"not here", 404)


class Issuer(Party):
    """A region: issues memberships, keeps a list of revocations for each profile, `marked` are the places on it."""

    services = {"IssuerService": "/issuer"}  # noqa: RUF012
    key_name = "issuer"

    def __init__(self, net: Internet, clock: Clock, host: str) -> None:
        super().__init__(net, clock, host)
        self.marked: dict[str, set[int]] = {"revocation": set(), "suspension": set()}
        self._places = itertools.count(7)

    def list_url(self, profile: str, purpose: str = "revocation") -> str:
        return f"{self.url}/status/{profile}/{purpose}"

    async def more(self, asked: Asked, path: str) -> Served:
        parts = path.split("/")
        if len(parts) == 4 and parts[1] == "status":
            return self.served_list(self.listed(parts[2], parts[3]))
        return await super().more(asked, path)

    @staticmethod
    def served_list(token: str, kind: str = "application/vc+jwt") -> Served:
        return Served(token.encode(), headers={"Content-Type": kind})

    def listed(self, profile: str, purpose: str = "revocation", **changed: Any) -> str:
        """The list, signed. `changed`: url, issuer, raw, list_, begins, ends, named (its purpose), key, kid, body."""
        now = self.clock.seconds()
        raw = changed["raw"] if "raw" in changed else forge.bits(self.marked[purpose])
        body = forge.list_body(
            profile,
            changed.get("url", self.list_url(profile, purpose)),
            changed.get("issuer", self.did),
            changed.get("list_", forge.encoded(raw, profile)),
            begins=changed.get("begins", now - 60),
            ends=changed.get("ends", now + 1800),
            purpose=changed.get("named", purpose),
        )
        header = {"alg": forge.algorithm(self.key), "kid": changed.get("kid", self.kid), **forge.typ(profile, "vc")}
        return forge.jws(changed.get("key", self.key), header, forge.wrapped(profile, body | changed.get("body", {})))

    def place(self) -> int:
        """A free place on the lists."""
        return next(self._places)

    def entry(self, profile: str, place: int, purpose: str = "revocation") -> Json:
        return forge.status(
            self.list_url(profile, purpose),
            str(place),
            profile=profile,
            purpose=purpose,
            id=f"{self.list_url(profile, purpose)}#{place}-{purpose}",
        )

    def member(self, holder: str, profile: str = "vc20", **changed: Any) -> str:
        """A membership of `holder`. `changed`: kinds, begins, ends, place, key, entries (`credentialStatus`), payload
        (all of it), and members of one part: subject, body, claims (of the JWT), header."""
        now, place = self.clock.seconds(), changed.get("place", self.place())
        subject = {"id": holder, "name": "Mallory", "memberOf": self.did}
        made = forge.body(
            profile,
            id=f"urn:uuid:{number()}",
            issuer=self.did,
            kinds=changed.get("kinds", [MEMBERSHIP]),
            subject=forge.with_(subject, **changed.get("subject", {})),
            begins=changed.get("begins", now - 3600),
            ends=changed.get("ends", now + 30 * DAY),
        )
        entries = changed.get("entries", [self.entry(profile, place)])
        made["credentialStatus"] = entries[0] if len(entries) == 1 else entries
        made = forge.with_(made, **changed.get("body", {}))
        payload = changed.get("payload") or forge.with_(forge.wrapped(profile, made), **changed.get("claims", {}))
        header = {"alg": forge.algorithm(changed.get("key", self.key)), "kid": self.kid, **forge.typ(profile, "vc")}
        return forge.jws(changed.get("key", self.key), forge.with_(header, **changed.get("header", {})), payload)


class Holder(Party):
    """A participant that shows `credentials`, all of one `profile`; `presents` overrides the whole answer."""

    services = {  # noqa: RUF012
        "CredentialService": "/dcp",
        "DataService": "/.well-known/dspace-version",
        "CatalogService": f"{BASE}/catalog",
    }

    def __init__(self, net: Internet, clock: Clock, host: str, city: str) -> None:
        super().__init__(net, clock, host)
        self.city = city
        self.profile = "vc20"
        self.credentials: list[str] = []
        self.presents: Callable[[Asked], Served] | None = None
        self.received: list[Json] = []
        self.tokens: list[str] = []

    async def more(self, asked: Asked, path: str) -> Served:
        if path == "/dcp/presentations/query":
            return self.presents(asked) if self.presents else self.shown([self.presentation()])
        if path.startswith(BASE):
            return self._message(asked)
        return await super().more(asked, path)

    def _message(self, asked: Asked) -> Served:
        came = msgspec.json.decode(asked.body)
        self.received.append(came)
        self.tokens.append(asked.headers.get("authorization", ""))
        pids = {"providerPid": came.get("providerPid", "urn:x:p"), "consumerPid": came.get("consumerPid", "urn:x:c")}
        return Served(
            message("ContractNegotiation", state="AGREED", **pids), headers={"Content-Type": "application/json"}
        )

    @staticmethod
    def shown(presentations: Iterable[Any], status: int = 200) -> Served:
        """The answer of a Credential Service."""
        return document(
            {"@context": [DCP], "type": "PresentationResponseMessage", "presentation": list(presentations)}, status
        )

    def presentation(self, *tokens: str, **changed: Any) -> str:
        """A presentation of all credentials or of these. `changed`: profile, key, header, and members of the JWT."""
        profile = changed.pop("profile", self.profile)
        key, header = changed.pop("key", self.key), changed.pop("header", {})
        made = forge.presentation(
            profile,
            by=self.did,
            audience=self.city,
            tokens=tokens or self.credentials,
            now=self.clock.seconds(),
            id=f"urn:uuid:{number()}",
            **changed,
        )
        fields = {"alg": forge.algorithm(key), "kid": self.kid, **forge.typ(profile, "vp")}
        return forge.jws(key, forge.with_(fields, **header), made)

    def claims(self, **changed: Any) -> Json:
        """Claims of a message token."""
        return forge.claims(self.did, self.city, self.clock.seconds(), **{"jti": number(), **changed})

    def token(self, *, header: Json | None = None, key: Key | bytes | None = None, **changed: Any) -> str:
        """A message token for the node, honest but for `header` and `changed` claims."""
        signer = self.key if key is None else key
        fields = {"alg": forge.algorithm(signer), "kid": self.kid, "typ": "JWT"}
        return forge.jws(signer, forge.with_(fields, **(header or {})), self.claims(**changed))


async def believe(city: Node, issuer: Issuer, types: Iterable[str] = (MEMBERSHIP,), *, private: bool = False) -> None:
    """Have a node believe an issuer, as an operator would; `private`: its members may be on loopback."""
    region = Region(
        id=issuer.did,
        name=issuer.host.partition(".")[0],
        title=issuer.host,
        url=issuer.url,
        words="",
        added=0,
        added_by="test",
        keys={issuer.kid: forge.jwk(issuer.key)},
        types=tuple(types),
        scopes=("catalog", "negotiate"),
        private=private,
    )
    await city.store.write(lambda tx: tx.put(region))
    city.identity.forget()  # type: ignore[attr-defined]


class State(msgspec.Struct):
    """What a refusal must leave as it was."""

    negotiations: int
    transfers: int
    agreements: int
    participants: frozenset[str]


class Scene:
    """The node among all of them. `region` is trusted, `elsewhere` is not; `mallory` is a member of the region."""

    def __init__(self, net: Internet, city: Node, clock: Clock) -> None:
        self.net, self.city, self.clock = net, city, clock
        self.region = Issuer(net, clock, "region.example")
        self.elsewhere = Issuer(net, clock, "elsewhere.example")
        self.mallory = self.holder("mallory.example")

    async def renew(self) -> None:
        """Other parties, whom the node has never met, a minute later, when it has done what others made it do."""
        await until(lambda: not self.city.trust.admission._under_way)
        self.clock.ahead += 60
        name = f"{next(_numbers)}.many.example"
        self.region = Issuer(self.net, self.clock, f"region-{name}")
        self.elsewhere = Issuer(self.net, self.clock, f"elsewhere-{name}")
        self.mallory = self.holder(f"mallory-{name}")
        await self.trust(self.region)
        self.net.forget()

    def holder(self, host: str, profile: str = "vc20") -> Holder:
        """One more member of the region."""
        made = Holder(self.net, self.clock, host, self.city.did)
        made.profile = profile
        made.credentials = [self.region.member(made.did, profile)]
        return made

    async def trust(self, issuer: Issuer, types: Iterable[str] = (MEMBERSHIP,)) -> None:
        """Have the node believe an issuer, as an operator would."""
        await believe(self.city, issuer, types)

    async def pin(self, party: Holder) -> None:
        """Have the node know somebody by compared keys."""
        known = Participant(
            id=party.did,
            name=party.host.partition(".")[0],
            url=party.url,
            base=party.url + BASE,
            keys={party.kid: forge.jwk(party.key)},
            tokens=(party.kid,),
            words="",
            added=0,
            added_by="test",
        )
        await self.city.store.write(lambda tx: tx.put(known))
        self.changed()

    def changed(self) -> None:
        """What an operator's change of peers or regions makes a node do."""
        self.city.identity.forget()  # type: ignore[attr-defined]

    # --- asking the node ----------------------------------------------------------------------------------------------

    async def ask(
        self, token: str | None, body: bytes = CATALOG, path: str = "/catalog/request", *, raw: str | None = None
    ) -> Answer:
        """One request; `raw` is the whole value of the Authorization field."""
        field = raw if raw is not None else None if token is None else f"Bearer {token}"
        lines = [
            f"POST {BASE}{path} HTTP/1.1",
            "Host: city.example",
            *([f"Authorization: {field}"] if field is not None else []),
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        with by_hand():
            head = ("\r\n".join(lines) + "\r\n\r\n").encode()
            return answer_of(await said(self.city.public_listener.port, head + body, timeout=30.0))

    async def state(self) -> State:
        """What the node holds."""
        return await self.city.store.read(
            lambda view: State(
                view.count(Negotiation),
                view.count(Transfer),
                view.count(Agreement),
                frozenset(one.id for one in view.select(Participant, limit=1000)),
            )
        )

    async def events(self) -> list[str]:
        """The audit's events, in order."""
        return [one.event for one in await self.city.audit.log(limit=10_000)]


@contextlib.asynccontextmanager
async def a_node(
    directory: Path, authority: Path, clock: Clock, *, url: str = "", again: bool = False, **limits: Any
) -> AsyncIterator[Node]:
    """A node that trusts the test's certificate authority and is in haste with everybody.

    It is a laboratory's on loopback; with `url` one that others reach there, behind a web server on its machine.
    """
    port = free_port()
    if not again:
        founding.initialise(directory, url or f"http://127.0.0.1:{port}", public_port=1, management_port=2, lab=not url)
    settings = config.load(directory, {})
    settings = replace(
        settings,
        public=replace(settings.public, port=0 if url else int(settings.public_url.rpartition(":")[2])),
        management=replace(settings.management, port=0),
        network=replace(settings.network, extra_ca=str(authority), deadline=DEADLINE),
        limits=replace(HASTE, **{"header_seconds": 20.0, "body_seconds": 20.0, **limits}),
        audit=replace(settings.audit, exchange_seconds=3600.0),
        # What goes out here is what the callers of the test have caused.
        catalog=replace(settings.catalog, crawl=False),
    )
    made = node.build(settings, clock=clock)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


@contextlib.asynccontextmanager
async def scene(folder: Path, pair: Pair, authority: Path, **more: Any) -> AsyncIterator[Scene]:
    """A node in an internet of its own, which trusts the region."""
    clock, net = Clock(), Internet()
    async with net.running(pair), a_node(folder / "city", authority, clock, url=CITY, **more) as city:
        made = Scene(net, city, clock)
        await made.trust(made.region)
        net.forget()
        yield made


def codes(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """The reasons that the log gives."""
    return [str(one["code"]) for one in entries if "code" in one]


async def logged(call: Awaitable[Answer]) -> tuple[Answer, list[str]]:
    """An answer, and the reasons that the node's log gives for it."""
    with structlog.testing.capture_logs() as entries:
        answer = await call
    return answer, codes(entries)


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until `condition()` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
