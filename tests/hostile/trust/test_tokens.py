"""S: message tokens. Whatever is wrong with one is found before anybody is called, and the answer never says what.

Each case is one honest token with one thing changed, sent by somebody whom the node has pinned and by a member of the
region whom it has never met. Rows S15 to S17 (replay, flood) are in `test_replays`.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.hostile.trust import forge
from tests.hostile.trust.forge import DROP, Json
from tests.hostile.trust.judging import Case, refused
from tests.hostile.trust.world import Holder, Issuer, Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def world(shared: Scene) -> Scene:
    """One node for all of these, and parties whom it has never met for each."""
    await shared.renew()
    return shared


Make = Callable[[Scene, Holder], str]
YEAR = 31_536_000


def header(**changed: object) -> Make:
    """The token with another header; `key` signs it."""
    return lambda scene, who: who.token(header=dict(changed))


def claims(**changed: object) -> Make:
    """The token with other claims."""
    return lambda scene, who: who.token(**changed)


def since(**offsets: float) -> Make:
    """The token with instants that many seconds from now."""
    return lambda scene, who: who.token(**{name: int(scene.clock.seconds() + by) for name, by in offsets.items()})


def unsigned(name: str, keep: bool) -> Make:
    """A token that says that it is not signed."""

    def make(scene: Scene, who: Holder) -> str:
        head, payload, tail = who.token(header={"alg": name}).split(".")
        return f"{head}.{payload}.{tail if keep else ''}"

    return make


def secret_of(form: str) -> Make:
    """HS256 with the public key as the secret, in one of the forms in which a verifier may hold it."""

    def make(scene: Scene, who: Holder) -> str:
        public = who.key.public_key()
        secrets = {
            "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "jwk": msgspec.json.encode(forge.jwk(public)),
            "point": public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            if isinstance(public, ec.EllipticCurvePublicKey)
            else b"",
        }
        return who.token(key=secrets[form], header={"alg": "HS256"})

    return make


def bringing(**members: object) -> Make:
    """A token of somebody else's key, which its header brings along or names."""

    def make(scene: Scene, who: Holder) -> str:
        key = forge.new_key()
        given: Json = {"jwk": forge.jwk(key), **members} if "jwk" in members else dict(members)
        return who.token(key=key, header=given)

    return make


def raw(change: Callable[[bytes], bytes], part: int) -> Make:
    """A token whose header (0) or claims (1) are these very bytes, well signed."""

    def make(scene: Scene, who: Holder) -> str:
        head = msgspec.json.encode({"alg": forge.algorithm(who.key), "kid": who.kid, "typ": "JWT"})
        body = msgspec.json.encode(who.claims())
        return forge.jws(who.key, change(head) if part == 0 else head, change(body) if part == 1 else body)

    return make


def exp(text: bytes) -> Make:
    """A token whose `exp` is written like this."""

    def change(body: bytes) -> bytes:
        made: Json = msgspec.json.decode(body)
        end = str(made["exp"]).encode()
        assert body.count(b'"exp":' + end) == 1
        return body.replace(b'"exp":' + end, b'"exp":' + text)

    return raw(change, 1)


def written(change: Callable[[str], str]) -> Make:
    """A token, well signed, written in another way."""
    return lambda scene, who: change(who.token())


def ambiguous(token: str) -> str:
    """The last character of the signature with other unused bits: the same bytes for a lenient reader."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


def confused(kind: str) -> Make:
    """Something else that is signed by the same key, or by somebody else for another use."""

    def make(scene: Scene, who: Holder) -> str:
        match kind:
            case "presentation vc11":
                return who.presentation(profile="vc11", sub=who.did)
            case "presentation vc20":
                return who.presentation(profile="vc20", sub=who.did)
            case "presentation called JWT":
                return who.presentation(profile="vc20", sub=who.did, header={"typ": "JWT", "cty": DROP})
            case "credential":
                return scene.region.member(who.did, "vc11", claims={"aud": scene.city.did})
            case "own credential":
                return scene.region.member(who.did, key=who.key, header={"kid": who.kid}, claims=who.claims())
            case "status list":
                return scene.region.listed("vc20")
            case _:
                return "adm_" + forge.b64(b"a" * 48)

    return make


DEEP = b"[" * 10_000 + b"]" * 10_000

CASES = [
    Case("S2", "alg none", unsigned("none", keep=False)),
    Case("S2", "alg None", unsigned("None", keep=False)),
    Case("S2", "alg nOnE, signed", unsigned("nOnE", keep=True)),
    *(Case("S3", f"HS256 {form}", secret_of(form)) for form in ("pem", "der", "jwk", "point")),
    Case("S4", "header EdDSA for a P-256 key", header(alg="EdDSA"), quiet=False),
    Case("S4", "header ES384 for a P-256 key", header(alg="ES384")),
    Case("S4", "header RS256 for a P-256 key", header(alg="RS256")),
    Case("S5", "jwk", bringing(jwk=True)),
    Case("S5", "jku", bringing(jku="https://victim.example/jwks.json")),
    Case("S5", "x5u", bringing(x5u="https://victim.example/chain.pem")),
    Case("S5", "x5c", bringing(x5c=["MIIB"])),
    Case("S6", "crit unknown", header(crit=["x-new"], **{"x-new": 1})),
    Case("S6", "crit empty", header(crit=[])),
    Case("S6", "b64 false", header(crit=["b64"], b64=False)),
    Case("S6", "b64 false, not critical", header(b64=False)),
    Case("S7", "sub of another", claims(sub="did:web:victim.example")),
    Case("S7", "iss of another", claims(iss="did:web:victim.example")),
    Case("S7", "no sub", claims(sub=DROP)),
    Case("S8", "aud of another", claims(aud="did:web:victim.example")),
    Case("S8", "aud many", lambda scene, who: who.token(aud=[scene.city.did, "did:web:victim.example"])),
    Case("S8", "aud our URL", lambda scene, who: who.token(aud=scene.city.config.public_url)),
    Case("S8", "aud our DID with a path", lambda scene, who: who.token(aud=scene.city.did + ":x")),
    Case("S8", "aud missing", claims(aud=DROP)),
    Case("S8", "aud empty list", claims(aud=[])),
    Case("S9", "kid of another", header(kid="did:web:victim.example#token")),
    Case("S9", "kid a URL", header(kid="https://victim.example/key")),
    Case("S9", "kid a path", header(kid="../../../../dev/null")),
    Case("S9", "kid the DID alone", lambda scene, who: who.token(header={"kid": who.did})),
    Case("S9", "kid begins alike", lambda scene, who: who.token(header={"kid": f"{who.did}.evil.example#token"})),
    Case("S9", "kid with a query", lambda scene, who: who.token(header={"kid": f"{who.did}?x=1#token"})),
    Case("S12", "expired", since(iat=-900, exp=-600)),
    Case("S12", "nbf in future", since(nbf=250)),
    Case("S12", "iat in future", since(iat=400, exp=600)),
    Case("S12", "a year", since(exp=YEAR)),
    Case("S12", "ends before it begins", since(iat=30, exp=10)),
    Case("S13", "exp missing", claims(exp=DROP)),
    Case("S13", "exp text", lambda scene, who: who.token(exp=str(int(scene.clock.seconds()) + 300))),
    Case("S13", "exp negative", exp(b"-1")),
    Case("S13", "exp NaN", exp(b"NaN")),
    Case("S13", "exp Infinity", exp(b"Infinity")),
    Case("S13", "exp 1e400", exp(b"1e400")),
    Case("S13", "exp null", exp(b"null")),
    Case("S13", "exp milliseconds", lambda scene, who: who.token(exp=int(scene.clock.seconds() + 300) * 1000)),
    Case("S13", "exp of 5,000 digits", exp(b"9" * 5_000)),
    Case("S14", "jti missing", claims(jti=DROP)),
    Case("S14", "jti empty", claims(jti="")),
    Case("S14", "jti a number", claims(jti=17)),
    Case("S14", "jti long", claims(jti="x" * 5_000)),
    Case("S18", "presentation vc11", confused("presentation vc11"), quiet=False),
    Case("S18", "presentation vc20", confused("presentation vc20"), quiet=False),
    Case("S18", "presentation called JWT", confused("presentation called JWT"), quiet=False),
    Case("S18", "credential", confused("credential"), quiet=False),
    Case("S18", "own credential", confused("own credential"), quiet=False),
    Case("S18", "status list", confused("status list"), quiet=False),
    Case("S18", "address of data", confused("data"), quiet=False),
    Case("S19", "padded", written(lambda token: token + "=="), status=(400, 401)),
    Case("S19", "padded header", written(lambda token: token.replace(".", "=.", 1)), status=(400, 401)),
    Case("S19", "blank inside", written(lambda token: token[:40] + " " + token[40:]), status=(400, 401)),
    Case("S19", "tab at the end", written(lambda token: token + "\t."), status=(400, 401)),
    Case("S19", "non-canonical", written(ambiguous), status=(400, 401)),
    Case("S19", "standard alphabet", written(lambda token: token[:-4] + "+/+/"), status=(400, 401)),
    Case("S19", "four parts", written(lambda token: token + ".e30"), status=(400, 401)),
    Case("S19", "key twice", raw(lambda body: b'{"iss":"did:web:victim.example",' + body[1:], 1), status=(400, 401)),
    Case("S19", "header key twice", raw(lambda head: b'{"alg":"none",' + head[1:], 0), status=(400, 401)),
    Case(
        "S19",
        "1 MB",
        raw(lambda body: body[:-1] + b',"x":"' + b"a" * 1_000_000 + b'"}', 1),
        status=(0, 400, 401, 413, 431),
    ),
    Case(
        "S19", "nesting 10,000", raw(lambda body: body[:-1] + b',"x":' + DEEP + b"}", 1), status=(0, 400, 401, 413, 431)
    ),
    Case(
        "S19", "nesting 1,000", raw(lambda body: body[:-1] + b',"x":' + DEEP[9_000:11_000] + b"}", 1), status=(400, 401)
    ),
    Case("S19", "not JSON", raw(lambda body: body[:-1], 1), status=(400, 401)),
    Case("S19", "not UTF-8", raw(lambda body: body[:-1] + b',"x":"\xc3\x28"}', 1), status=(400, 401)),
    Case("S19", "a list", raw(lambda body: b"[" + body + b"]", 1), status=(400, 401)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_S_of_a_pinned_peer(world: Scene, case: Case) -> None:
    trent = world.holder("trent.example")
    await world.pin(trent)
    await refused(world, case, lambda: case.make(world, trent))
    assert world.net.quiet, "the keys of a pinned peer are here"
    assert (await world.ask(trent.token())).status == 200


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_S_of_a_stranger(world: Scene, case: Case) -> None:
    await refused(world, case, lambda: case.make(world, world.mallory))
    assert not world.net.paths("victim.example")
    assert (await world.ask(world.mallory.token())).status == 200


NO_BEARER = {
    "none": None,
    "empty": "",
    "Basic": "Basic bWFsbG9yeTp4",
    "Bearer alone": "Bearer",
    "Bearer and blanks": "Bearer   ",
    "DPoP": "DPoP e30.e30.e30",
}


@pytest.mark.parametrize("name", [*NO_BEARER, "token alone"])
async def test_S1(world: Scene, name: str) -> None:
    field = NO_BEARER[name] if name in NO_BEARER else world.mallory.token()
    await refused(world, Case("S1", name, lambda *_: ""), lambda: None, raw=field)


def _published(who: Holder, key: Json, **more: Json) -> None:
    who.document = forge.did_document(
        who.did, [forge.method(who.did, "token", key | more.get("jwk", {}))], {"CredentialService": who.url + "/dcp"}
    )


@pytest.mark.parametrize(
    "kind", ["P-384 as ES256", "P-384", "Ed25519 as ES256", "alg of the JWK", "P-256 called P-384"]
)
async def test_S4_of_the_published_key(world: Scene, kind: str) -> None:
    who = world.mallory
    match kind:
        case "P-384 as ES256" | "P-384":
            key: forge.Key = ec.generate_private_key(ec.SECP384R1())
            _published(who, forge.jwk(key))
            says = {"alg": "ES256"} if kind == "P-384 as ES256" else {}
        case "Ed25519 as ES256":
            key = ed25519.Ed25519PrivateKey.generate()
            _published(who, forge.jwk(key))
            says = {"alg": "ES256"}
        case "alg of the JWK":
            key, says = who.key, {}
            _published(who, forge.jwk(key), jwk={"alg": "ES384"})
        case _:
            key, says = who.key, {}
            _published(who, forge.jwk(key), jwk={"crv": "P-384"})
    await refused(world, Case("S4", kind, lambda *_: "", quiet=False), lambda: who.token(key=key, header=says))


async def test_S10(world: Scene) -> None:
    who = world.mallory
    second = forge.method(who.did, "other", forge.jwk(forge.new_key()))
    who.document = forge.did_document(
        who.did, [*who.document["verificationMethod"], second], {"CredentialService": who.url + "/dcp"}
    )
    case = Case("S10", "no kid, two methods", lambda *_: "", quiet=False)
    await refused(world, case, lambda: who.token(header={"kid": DROP}))
    assert (await world.ask(who.token())).status == 200


@pytest.mark.parametrize("relation", ["authentication", "assertionMethod", "keyAgreement"])
async def test_S11(world: Scene, relation: str) -> None:
    """A key that is there for another use signs no message token, whatever else the document allows."""
    who, key = world.mallory, forge.new_key()
    other = forge.method(who.did, "other", forge.jwk(key))
    who.document = {**who.document, "verificationMethod": [*who.document["verificationMethod"], other]}
    who.document[relation] = [*who.document.get(relation, []), other["id"]]
    case = Case("S11", relation, lambda *_: "", quiet=False)
    await refused(world, case, lambda: who.token(key=key, header={"kid": other["id"]}))
    assert (await world.ask(who.token())).status == 200


async def test_S20(world: Scene) -> None:
    """Without an access token for the Credential Service there is nothing to ask for: nobody is called."""
    case = Case("S20", "no token claim", lambda *_: "")
    await refused(world, case, lambda: world.mallory.token(token=DROP))
    await refused(world, case, lambda: world.mallory.token(token=""))
    assert (await world.ask(world.mallory.token())).status == 200


async def test_an_issuer_is_no_caller(world: Scene) -> None:
    """The region's own key signs credentials: as a message token of the region it is one of a stranger."""
    issuer: Issuer = world.region
    made = forge.jws(
        issuer.key,
        {"alg": "ES256", "kid": issuer.kid, "typ": "JWT"},
        forge.claims(issuer.did, world.city.did, world.clock.seconds(), jti="x"),
    )
    answer = await world.ask(made)
    assert answer.status in (401, 403)
