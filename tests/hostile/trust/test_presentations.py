"""V: presentations and credentials. What a member shows counts only if every link of it holds, in both profiles.

Each case is one honest member of the region; what its Credential Service answers with has one thing changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

from connector.services.trust import asking
from tests.hostile.trust import forge
from tests.hostile.trust.forge import DROP, Json
from tests.hostile.trust.internet import Asked, Served, document
from tests.hostile.trust.judging import Case, refused
from tests.hostile.trust.world import DAY, DEADLINE, MEMBERSHIP, Holder, Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def world(shared: Scene) -> Scene:
    """One node for all of these, and parties whom it has never met for each."""
    await shared.renew()
    return shared


PROFILES = ("vc20", "vc11")
Show = Callable[[Scene, Holder, str], Served]


def vp(make: Callable[[Scene, Holder, str], str]) -> Show:
    """One presentation."""
    return lambda world, who, profile: who.shown([make(world, who, profile)])


def vc(make: Callable[[Scene, Holder, str], str]) -> Show:
    """An honest presentation of one credential."""
    return lambda world, who, profile: who.shown([who.presentation(make(world, who, profile))])


def membership(**changed: Any) -> Show:
    """An honest presentation of a membership that the region has signed with something changed."""
    return vc(lambda world, who, profile: world.region.member(who.did, profile, **changed))


def dated(profile: str, **offsets: Any) -> Json:
    """Members of the credential that are its instants, written as they stand."""
    names = {"vc20": ("validFrom", "validUntil"), "vc11": ("issuanceDate", "expirationDate")}[profile]
    return {name: offsets[key] for name, key in zip(names, ("begins", "ends"), strict=True) if key in offsets}


def of_another(world: Scene, who: Holder, profile: str) -> str:
    """Somebody else's membership, shown as one's own."""
    return world.region.member("did:web:victim.example", profile)


def of_nobody(world: Scene, who: Holder, profile: str) -> str:
    return world.region.member(who.did, profile, subject={"id": DROP}, claims={"sub": who.did})


def of_two(world: Scene, who: Holder, profile: str) -> str:
    subjects = [{"id": one} for one in ("did:web:victim.example", who.did)]
    return world.region.member(who.did, profile, body={"credentialSubject": subjects}, claims={"sub": who.did})


def by_trent(world: Scene, profile: str) -> Holder:
    return world.holder("trent.example", profile)


def signed_by_trent(world: Scene, who: Holder, profile: str) -> str:
    """Mallory's presentation by name, Trent's by signature."""
    trent = by_trent(world, profile)
    return who.presentation(key=trent.key, header={"kid": trent.kid})


def trents(world: Scene, who: Holder, profile: str) -> str:
    """What Trent has made for this very node, carried here by Mallory."""
    return by_trent(world, profile).presentation()


def trents_by_name(world: Scene, who: Holder, profile: str) -> str:
    """Signed by Mallory, with Trent as the holder."""
    trent = by_trent(world, profile)
    holder = {"holder": trent.did} if profile == "vc20" else {"iss": trent.did}
    return who.presentation(*trent.credentials, **holder)


def self_signed(world: Scene, who: Holder, profile: str) -> str:
    """A membership of the region that the holder has signed: with its own key id, the region's key id, or none."""
    return world.region.member(who.did, profile, key=who.key, header={"kid": who.kid})


def under_the_regions_name(world: Scene, who: Holder, profile: str) -> str:
    return world.region.member(who.did, profile, key=who.key)


def without_kid(world: Scene, who: Holder, profile: str) -> str:
    return world.region.member(who.did, profile, key=who.key, header={"kid": DROP})


def own_issuer(world: Scene, who: Holder, profile: str) -> str:
    """The JWT says the holder, the credential says the region."""
    return world.region.member(who.did, profile, key=who.key, header={"kid": who.kid}, claims={"iss": who.did})


def other_issuer(world: Scene, who: Holder, profile: str) -> str:
    """The region has signed it; the credential says that somebody else has."""
    return world.region.member(who.did, profile, body={"issuer": world.elsewhere.did}, claims={"iss": world.region.did})


def with_the_token_key(world: Scene, who: Holder, profile: str) -> str:
    """Signed by a key of the region that may sign message tokens and no credentials."""
    key, region = forge.new_key(), world.region
    other = forge.method(region.did, "token", forge.jwk(key))
    region.document = {**region.document, "verificationMethod": [*region.document["verificationMethod"], other]}
    region.document["capabilityInvocation"] = [other["id"]]
    return region.member(who.did, profile, key=key, header={"kid": other["id"]})


def case(row: str, name: str, show: Show, *status: int, only: str = "") -> tuple[Case, Show, tuple[str, ...]]:
    """A case of a row: 401 where nothing else is said, in both profiles unless `only` is one."""
    return Case(row, name, lambda: "", status or (401,), quiet=False), show, (only,) if only else PROFILES


def membership_of_days(begins: float, ends: float) -> Show:
    """A membership between two numbers of days from now."""

    def show(world: Scene, who: Holder, profile: str) -> Served:
        now = world.clock.seconds()
        return membership(begins=now + begins * DAY, ends=now + ends * DAY)(world, who, profile)

    return show


def membership_until(text: object) -> Show:
    """A membership whose end is written like this."""
    return vc(lambda world, who, profile: _redated(world, who, profile, ends=text))


def schema(url: str) -> Show:
    """A membership that names a schema to fetch."""
    return membership(body={"credentialSchema": {"id": url, "type": "JsonSchema"}})


def crossed(world: Scene, who: Holder, profile: str) -> str:
    """The signature of another presentation of the same holder."""
    one, other = who.presentation(), who.presentation()
    return f"{one.rpartition('.')[0]}.{other.rpartition('.')[2]}"


def old(world: Scene, who: Holder, profile: str) -> str:
    now = int(world.clock.seconds())
    return who.presentation(iat=now - 4000, nbf=now - 4000, exp=now - 3600)


def twice_a_device(world: Scene, who: Holder, profile: str) -> Served:
    """The right number of credentials, and the wrong kind."""
    devices = (world.region.member(who.did, profile, kinds=["DeviceCredential"]) for _ in range(2))
    return who.shown([who.presentation(*devices)])


def both(world: Scene, who: Holder, profile: str) -> str:
    return who.presentation(*(world.region.member(who.did, one) for one in PROFILES))


def the_other(world: Scene, who: Holder, profile: str) -> str:
    return who.presentation(world.region.member(who.did, "vc11" if profile == "vc20" else "vc20"))


def unsigned(token: str) -> str:
    """Nobody has signed it, and it says so."""
    head = forge.b64(b'{"alg":"none"}')
    return f"{head}.{token.split('.')[1]}."


CASES = [
    case("V1", "for another verifier", vp(lambda w, who, p: who.presentation(aud="did:web:victim.example"))),
    case("V1", "for us and another", vp(lambda w, who, p: who.presentation(aud=[w.city.did, "did:web:v.example"]))),
    case("V1", "for nobody", vp(lambda w, who, p: who.presentation(aud=DROP))),
    case("V1", "for our URL", vp(lambda w, who, p: who.presentation(aud=w.city.config.public_url))),
    case("V1", "of an hour ago", vp(old)),
    case("V2", "of another", vp(trents)),
    case("V2", "signed by another", vp(signed_by_trent)),
    case("V2", "in another's name", vp(trents_by_name)),
    case("V2", "not signed", vp(lambda w, who, p: who.presentation().rpartition(".")[0] + ".")),
    case("V2", "signature of another text", vp(crossed)),
    case("V3", "of another subject", vc(of_another)),
    case("V3", "of nobody", vc(of_nobody)),
    case(
        "V3",
        "two subjects",
        vc(of_two),
    ),
    case("V4", "signed by the holder", vc(self_signed)),
    case("V4", "signed by the holder, the region's key id", vc(under_the_regions_name)),
    case("V4", "signed by the holder, no key id", vc(without_kid)),
    case("V4", "issuer of the JWT another", vc(own_issuer)),
    case("V4", "issuer of the credential another", vc(other_issuer), 401, 403),
    case("V4", "by a key for other uses", vc(with_the_token_key)),
    case("V4", "alg none", vc(lambda w, who, p: unsigned(w.region.member(who.did, p)))),
    case("V6", "Member", membership(kinds=["Member"]), 403),
    case("V6", "Credential", membership(kinds=["Credential"]), 403),
    case("V6", "longer", membership(kinds=["MembershipCredentialX"]), 403),
    case("V6", "other letters", membership(kinds=["membershipcredential"]), 403),
    case("V6", "none at all", membership(kinds=[]), 403),
    case("V7", "nothing", lambda w, who, p: who.shown([]), 403),
    case("V7", "no credentials", vp(lambda w, who, p: _bare(who, p)), 403),
    case("V7", "wrong type", membership(kinds=["SensitiveDataCredential"]), 403),
    case("V7", "twice the wrong type", twice_a_device, 403),
    case("V8", "expired", membership_of_days(-9, -1)),
    case("V8", "not yet", membership_of_days(1, 9)),
    *(
        case("V8", f"until {text!r}", membership_until(text))
        for text in ("tomorrow", "", "2999-13-01T00:00:00Z", "2999-01-01", 32503680000, None)
    ),
    case(
        "V9", "a wrapper in 2.0", membership(claims={"vc": {"type": ["VerifiableCredential", MEMBERSHIP]}}), only="vc20"
    ),
    case("V9", "vp wrapper in 2.0", membership(claims={"vp": {}}), only="vc20"),
    case(
        "V9",
        "presentation with a wrapper",
        vp(lambda w, who, p: who.presentation(vp={"type": ["VerifiablePresentation"]})),
        only="vc20",
    ),
    case("V9", "iss contradicts", membership(claims={"iss": "did:web:elsewhere.example"})),
    case("V9", "sub contradicts", membership(claims={"sub": "did:web:victim.example"})),
    case("V9", "jti contradicts", membership(claims={"jti": "urn:uuid:other"}), only="vc20"),
    case("V9", "exp has passed", membership(claims={"exp": 1})),
    case("V9", "begins later by the token", membership(claims={"nbf": 32503680000, "exp": 32503690000})),
    case("V9", "no wrapper in 1.1", vc(lambda w, who, p: _unwrapped(w, who)), only="vc11"),
    case("V10", "both models in one", vp(both)),
    case("V10", "the other model", vp(the_other)),
    case("V11", "schema inside", schema("https://127.0.0.1/schema")),
    case("V11", "schema elsewhere", schema("https://victim.example/schema.json")),
    case("V11", "schema of a file", schema("file:///etc/passwd")),
    case("V12", "10,000", vp(lambda w, who, p: who.presentation(*["e30.e30.e30"] * 10_000)), 413),
    case("V12", "10,000 presentations", lambda w, who, p: who.shown(["e30.e30.e30"] * 10_000), 401, 413),
    case("V12", "100 MB", lambda w, who, p: Served(b" " * 65_536, endless=True), 401, 413, only="vc20"),
]


def _bare(who: Holder, profile: str) -> str:
    """A presentation that holds nothing."""
    who.credentials = []
    return who.presentation()


def _redated(world: Scene, who: Holder, profile: str, **texts: Any) -> str:
    """A membership with its dates written otherwise, and no other dates beside them."""
    now = world.clock.seconds()
    made = forge.body(
        profile,
        id="urn:uuid:dated",
        issuer=world.region.did,
        kinds=[MEMBERSHIP],
        subject={"id": who.did, "memberOf": world.region.did},
        begins=now - 60,
        ends=now + 60,
    )
    payload = forge.with_(forge.wrapped(profile, made), **_date(profile, made, texts))
    return world.region.member(who.did, profile, payload=payload)


def _date(profile: str, made: Json, texts: Json) -> Json:
    changed = {**made, **dated(profile, **texts)}
    return changed if profile == "vc20" else {"vc": changed, "exp": DROP}


def _unwrapped(world: Scene, who: Holder) -> str:
    """A credential of data model 1.1 that stands at the top, where 2.0 has it."""
    now = world.clock.seconds()
    made = forge.body(
        "vc11",
        id="urn:uuid:bare",
        issuer=world.region.did,
        kinds=[MEMBERSHIP],
        subject={"id": who.did},
        begins=now - 60,
        ends=now + 60,
    )
    return world.region.member(who.did, "vc11", payload={**made, "iss": world.region.did, "sub": who.did})


PARAMETERS = [
    pytest.param(made, show, profile, id=f"{made} {profile}") for made, show, profiles in CASES for profile in profiles
]


@pytest.mark.parametrize(("case", "show", "profile"), PARAMETERS)
async def test_V(world: Scene, case: Case, show: Show, profile: str) -> None:
    who = world.mallory
    who.profile = profile
    who.credentials = [world.region.member(who.did, profile)]
    served = show(world, who, profile)
    who.presents = lambda asked: served
    await refused(world, case, who.token)
    called = {one.host for one in world.net.came}
    assert called <= {who.host, world.region.host, world.elsewhere.host, "trent.example"}, called
    assert all(host.startswith("11.") for host, _ in world.net.called)


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_honest_member_is_served(world: Scene, profile: str) -> None:
    """Without this, the refusals would show nothing."""
    who = world.mallory
    who.profile = profile
    who.credentials = [world.region.member(who.did, profile)]
    assert (await world.ask(who.token())).status == 200
    assert (await world.ask(who.token())).status == 200
    assert world.net.paths(who.host).count("/dcp/presentations/query") == 1, "what was shown is kept"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("wide", ["token", "document"])
async def test_V9_of_two_ends_the_earlier_counts(world: Scene, profile: str, wide: str) -> None:
    """Token and document may say different ends (issuers round): nothing is ever good for longer than either says."""
    who, now = world.mallory, int(world.clock.seconds())
    who.profile = profile
    soon, late = now + 600, now + 90 * int(DAY)
    ends, exp = (soon, late) if wide == "token" else (late, soon)
    who.credentials = [world.region.member(who.did, profile, ends=ends, claims={"exp": exp})]
    assert (await world.ask(who.token())).status == 200
    world.clock.ahead += 601
    await refused(world, Case("V9", wide, lambda: "", (401, 403), quiet=False), who.token)


async def test_both_profiles_in_two_presentations_are_honest(world: Scene) -> None:
    who = world.mallory
    made = [who.presentation(world.region.member(who.did, one), profile=one) for one in PROFILES]
    who.presents = lambda asked: who.shown(made)
    assert (await world.ask(who.token())).status == 200


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("types", [(), ("DeviceCredential",), ("Membership",), ("MembershipCredentialX",)])
async def test_V5(world: Scene, profile: str, types: tuple[str, ...]) -> None:
    """An issuer that is believed for nothing, or for something else."""
    who = world.mallory
    who.profile = profile
    if types:
        await world.trust(world.elsewhere, types)
    who.credentials = [world.elsewhere.member(who.did, profile)]
    case = Case("V5", str(types), lambda: "", (403,), quiet=False)
    await refused(world, case, who.token)
    await world.trust(world.elsewhere)
    world.clock.ahead += 301
    assert (await world.ask(who.token())).status == 200


ANSWERS: dict[str, Callable[[Asked], Served]] = {
    "401": lambda asked: Served(b"{}", 401),
    "500": lambda asked: Served(b"{}", 500),
    "302": lambda asked: Served(status=302, headers={"Location": "https://victim.example/dcp/presentations/query"}),
    "307": lambda asked: Served(status=307, headers={"Location": "http://127.0.0.1:8181/"}),
    "HTML": lambda asked: Served(b"<html>", headers={"Content-Type": "text/html"}),
    "another message": lambda asked: document({"@context": ["x"], "type": "PresentationQueryMessage", "scope": ["x"]}),
    "our token": lambda asked: Served(asked.headers.get("authorization", "").encode(), 400),
    "our token as a presentation": lambda asked: Holder.shown([asked.headers["authorization"].removeprefix("Bearer ")]),
    "numbers": lambda asked: Holder.shown([1, None, True]),
    "deep": lambda asked: Served(b"[" * 20_000 + b"]" * 20_000),
    "slow": lambda asked: Served(b'{"presentation":' + b" " * 1_000, slowly=0.05),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_U4_of_a_credential_service(
    world: Scene, name: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a Credential Service answers: nothing follows it, nothing of what we have sent is written down."""
    monkeypatch.setattr(asking, "DEADLINE", DEADLINE)
    who = world.mallory
    sent: list[str] = []

    def answer(asked: Asked) -> Served:
        sent.append(asked.headers.get("authorization", ""))
        return ANSWERS[name](asked)

    who.presents = answer
    await refused(world, Case("U4", name, lambda: "", (401, 403), quiet=False), who.token)
    assert sent
    written = "".join(capfd.readouterr())
    assert not [one for one in sent if one.removeprefix("Bearer ") in written]
    assert {one.host for one in world.net.came} <= {who.host, world.region.host}
