"""connector/http/planes.py: who is a plane, and how we prove ourselves to one."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from certs import jwk, jws
from connector.data.silos import secrets
from connector.errors import DeliveryError, InputError, UnauthenticatedError
from connector.http import planes
from connector.http.planes import Planes, check
from connector.ports import Reply
from connector.records import Plane
from connector.system import SystemClock

OWN = "did:web:city.example"
KEY = generate_private_key(SECP256R1())
JWKS = {"keys": [{**jwk.write(KEY.public_key()), "kid": "1"}]}


class Store:
    """The Store port with these planes in it."""

    def __init__(self, *known: Plane) -> None:
        self._known = list(known)

    async def read(self, act: Any) -> Any:
        return act(self)

    def select(self, kind: Any, *, limit: int) -> list[Plane]:
        return self._known


class Net:
    """The Sends port: what was asked, and the answers by address."""

    def __init__(self, **answers: Reply) -> None:
        self.answers, self.asked = answers, list[tuple[str, str, str | None, bytes | None]]()

    async def send(
        self, method: str, url: str, *, authorization: str | None = None, body: bytes | None = None, **_: Any
    ) -> Reply:
        self.asked.append((method, url, authorization, body))
        return self.answers[url.rpartition("/")[2]]


def plane(**authorization: Any) -> Plane:
    return Plane(id="geo", endpoint="https://geo.example/s", authorization=authorization, added=0, added_by="m")


def proving(net: Net, *known: Plane) -> Planes:
    store: Any = Store(*known)
    return Planes(store=store, clock=SystemClock(), sends=net, secret=secrets.reading(None), own=OWN)


def file(folder: Path, text: str, name: str = "secret") -> str:
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def token(**changes: Any) -> str:
    now = SystemClock().now() // 1_000_000
    claims = {"iss": "geo", "sub": "geo", "aud": OWN, "iat": now, "exp": now + 60, **changes}
    return jws.sign(KEY, {"kid": "1", "typ": "JWT"}, msgspec.json.encode(claims))


async def test_a_shared_secret_proves_a_plane(tmp_path: Path) -> None:
    known = plane(type="bearer", token_file=file(tmp_path, "the secret"))
    found = proving(Net(), known)
    assert (await found.prove("Bearer the secret")).id == "geo"
    for wrong in (None, "", "Bearer", "Bearer the", "Basic the secret", "Bearer ünknown"):
        with pytest.raises(UnauthenticatedError):
            await found.prove(wrong)


async def test_a_secret_that_cannot_be_read_proves_nobody(tmp_path: Path) -> None:
    known = plane(type="bearer", token_file=file(tmp_path, "the secret"))
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(UnauthenticatedError):
        await proving(Net(), known).prove("Bearer the secret")


@pytest.mark.parametrize("keys", ["jwks", "jwksUri"])
async def test_a_signed_token_proves_a_plane(tmp_path: Path, keys: str) -> None:
    net = Net(keys=Reply(200, msgspec.json.encode(JWKS)))
    given: Mapping[str, Any] = {"jwks": JWKS} if keys == "jwks" else {"jwksUri": "https://geo.example/keys"}
    found = proving(net, plane(type="oauth2_client_credentials", **given))
    assert (await found.prove(f"Bearer {token()}")).id == "geo"
    assert (await found.prove(f"Bearer {token(aud=['x', OWN])}")).id == "geo"
    assert len(net.asked) == (keys == "jwksUri")


@pytest.mark.parametrize(
    "changes", [{"sub": "other"}, {"aud": "did:web:other"}, {"exp": 1}, {"iat": 9_999_999_999}, {"aud": []}]
)
async def test_a_token_that_is_not_right_proves_nobody(changes: dict[str, Any]) -> None:
    found = proving(Net(), plane(type="oauth2_client_credentials", jwks=JWKS))
    with pytest.raises(UnauthenticatedError):
        await found.prove(f"Bearer {token(**changes)}")


async def test_claims_within_claims_without_end_prove_nobody() -> None:
    found = proving(Net(), plane(type="oauth2_client_credentials", jwks=JWKS))
    deep = base64.urlsafe_b64encode(b'{"x":' + b"[" * 2900 + b"]" * 2900 + b"}").rstrip(b"=").decode()
    header, _, signature = token().split(".")
    with pytest.raises(UnauthenticatedError):
        await found.prove(f"Bearer {header}.{deep}.{signature}")


async def test_a_token_of_another_key_proves_nobody() -> None:
    other = jwk.write(generate_private_key(SECP256R1()).public_key())
    found = proving(Net(), plane(type="oauth2_client_credentials", jwks={"keys": [{**other, "kid": "1"}]}))
    with pytest.raises(UnauthenticatedError):
        await found.prove(f"Bearer {token()}")
    header, payload, _ = token().split(".")
    with pytest.raises(UnauthenticatedError):
        await found.prove(f"Bearer {header}.{payload}.")


async def test_we_show_the_secret_or_a_token_that_we_asked_for_once(tmp_path: Path) -> None:
    net = Net(x=Reply(200, b"{}"), token=Reply(200, b'{"access_token":"abc","expires_in":300}'))
    shared = plane(type="bearer", token_file=file(tmp_path, "theirs"), own_file=file(tmp_path, "ours", "own"))
    await proving(net).send(shared, "GET", "/x")
    assert net.asked[-1] == ("GET", "https://geo.example/s/x", "Bearer ours", None)
    asking = plane(
        type="oauth2_client_credentials",
        tokenEndpoint="https://idp.example/token",
        clientId="city",
        clientSecret_file=file(tmp_path, "s&cret", "client"),
    )
    sender = proving(net)
    for _ in range(2):
        await sender.send(asking, "POST", "/x", b"1")
    assert [one[2] for one in net.asked[2:]] == ["Bearer abc"] * 2
    asked = [one for one in net.asked if one[1].endswith("/token")]
    assert len(asked) == 1
    assert asked[0][3] == b"grant_type=client_credentials&client_id=city&client_secret=s%26cret"


@pytest.mark.parametrize("status", [401, 408, 429, 500, 503])
async def test_what_can_be_mended_is_tried_again(tmp_path: Path, status: int) -> None:
    known = plane(type="bearer", token_file=file(tmp_path, "secret"))
    with pytest.raises(DeliveryError):
        await proving(Net(x=Reply(status, b""))).send(known, "POST", "/x", b"")
    assert (await proving(Net(x=Reply(404, b""))).send(known, "POST", "/x", b"")).status == 404


@pytest.mark.parametrize(
    ("endpoint", "authorization", "code"),
    [
        ("ftp://x", {"type": "bearer", "token_file": "/x"}, "plane.endpoint"),
        ("https://u@x", {"type": "bearer", "token_file": "/x"}, "plane.endpoint"),
        ("https://x", {}, "plane.authorization"),
        ("https://x", {"type": "none"}, "plane.authorization"),
        ("https://x", {"type": "bearer"}, "plane.secret"),
        ("https://x", {"type": "oauth2_client_credentials"}, "plane.secret"),
        (
            "https://x",
            {"type": "oauth2_client_credentials", "clientSecret_file": "/x", "clientId": "a", "tokenEndpoint": "b"},
            "plane.keys",
        ),
    ],
)
def test_a_plane_that_anybody_could_pass_for_is_not_kept(
    endpoint: str, authorization: dict[str, Any], code: str
) -> None:
    wrong = Plane(id="x", endpoint=endpoint, authorization=authorization, added=0, added_by="m")
    with pytest.raises(InputError) as refused:
        check(wrong)
    assert refused.value.reason.code == code
    assert planes.TYPES
