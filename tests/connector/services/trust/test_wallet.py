"""Nothing is kept but what was asked for, of whom it was asked, and whole (rows I1 and I2)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from certs import credentials
from connector.errors import InputError, UnknownError
from connector.ports import Reply
from connector.protocol import dcp
from connector.protocol.dcp import VC11, VC20
from connector.records import HeldCredential, Region, Wish
from tests.connector.services.region.test_issuing import Scene, within
from tests.connector.services.trust.parties import MEMBERSHIP, Party

DAY = 86_400.0
WISH = "urn:uuid:wish"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


async def wished(scene: Scene, *, kinds: tuple[str, ...] = (MEMBERSHIP,), state: str = "open") -> None:
    """Nord has asked the region for something, and heard nothing yet."""
    wish = Wish(id=WISH, issuer=scene.region.did, kinds=kinds, state=state, created=scene.nord.clock.now())
    await scene.nord.store.write(lambda tx: tx.put(wish))


def credential(scene: Scene, **changed: Any) -> str:
    """A credential of the region for Nord, with something changed."""
    now = scene.region.clock.now()
    given: dict[str, Any] = {
        "issuer": scene.region.did,
        "subject": scene.nord.did,
        "id": "urn:uuid:credential",
        "kind": MEMBERSHIP,
        "claims": {"name": "Nord"},
        "begins": now,
        "ends": now + int(DAY * 1_000_000),
        "profile": VC20,
    }
    key = changed.pop("key", scene.region.issuer_key)
    kid = changed.pop("kid", f"{changed.get('issuer', scene.region.did)}#issuer")
    return credentials.issue(key, kid, **(given | changed))


def delivery(*payloads: str, **changed: Any) -> dict[str, Any]:
    """A CredentialMessage with these credentials."""
    containers = [{"credentialType": MEMBERSHIP, "payload": one, "format": VC20} for one in payloads]
    message = {
        "@context": [dcp.CONTEXT],
        "type": "CredentialMessage",
        "issuerPid": "urn:uuid:theirs",
        "holderPid": WISH,
        "status": "ISSUED",
        "credentials": containers,
        **changed,
    }
    return {name: value for name, value in message.items() if value is not None}


async def delivered(scene: Scene, message: dict[str, Any], sender: Party | None = None) -> int:
    """The status with which Nord answers a delivery."""
    party = sender or scene.region
    return (await scene.nord.post("/dcp/credentials", message, party.token(scene.nord.did))).status


def test_I1_a_delivery_that_nobody_asked_for_is_refused_and_nothing_is_kept(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        good = credential(scene)
        assert await delivered(scene, delivery(good)) == 404
        await wished(scene)
        assert await delivered(scene, delivery(good, holderPid="urn:uuid:other")) == 404
        assert await delivered(scene, delivery(good, holderPid=None)) == 404
        assert await delivered(scene, delivery(good), sender=scene.sued) == 404
        assert await scene.held() == []
        assert (await scene.nord.wallet.wish(WISH)).state == "open"
        assert await delivered(scene, delivery(good)) == 200
        assert [one.id for one in await scene.held()] == ["urn:uuid:credential"]

    within(folder, test)


def test_I1_a_request_that_was_given_up_is_answered_by_nobody(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene, state="rejected")
        assert await delivered(scene, delivery(credential(scene))) == 404
        assert await scene.held() == []

    within(folder, test)


WRONG: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "did:web:sued.example", "kid": "did:web:sued.example#token"},
    "a foreign key under the issuer's name": {"key": generate_private_key(SECP256R1())},
    "a key that is not published": {"kid": "did:web:region.example#other"},
    "about somebody else": {"subject": "did:web:sued.example"},
    "another type": {"kind": "MayorCredential"},
    "over": {"begins": 1_000_000, "ends": 2_000_000},
    "not begun": {"begins": 1 << 52, "ends": 1 << 53},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_credential_that_is_not_right_is_refused_and_the_right_one_beside_it_too(folder: Path, name: str) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene)
        good, bad = credential(scene), credential(scene, **{"id": "urn:uuid:bad", **WRONG[name]})
        assert await delivered(scene, delivery(good, bad)) == 400
        assert await scene.held() == []
        assert (await scene.nord.wallet.wish(WISH)).state == "open"

    within(folder, test)


@pytest.mark.parametrize(
    "changed",
    [
        {"credentials": []},
        {"credentials": None},
        {"credentials": [{"credentialType": "Other", "payload": "a.b.c", "format": VC20}]},
        {"status": "PERHAPS"},
        {"issuerPid": None},
        {"type": "CredentialOfferMessage"},
    ],
)
def test_a_message_that_is_not_right_is_refused(folder: Path, changed: dict[str, Any]) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene)
        assert await delivered(scene, delivery(credential(scene), **changed)) == 400
        assert await scene.held() == []

    within(folder, test)


@pytest.mark.parametrize(
    ("form", "status"),
    [(VC20, 200), ("jwt", 200), ("VC2_0_JOSE", 200), (VC11, 400), ("vc10-sl2021/jwt", 400), ("ldp_vc", 400)],
)
def test_the_form_has_to_be_the_one_that_is_named_by_whatever_name(folder: Path, form: str, status: int) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene)
        containers = [{"credentialType": MEMBERSHIP, "payload": credential(scene), "format": form}]
        assert await delivered(scene, delivery(credentials=containers)) == status

    within(folder, test)


def test_everything_that_was_asked_for_has_to_come(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene, kinds=(MEMBERSHIP, "OtherCredential"))
        assert await delivered(scene, delivery(credential(scene))) == 400

    within(folder, test)


def test_a_token_delivers_once(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene)
        token = scene.region.token(scene.nord.did)
        message = delivery(credential(scene))
        answers = await asyncio.gather(*(scene.nord.post("/dcp/credentials", message, token) for _ in range(2)))
        assert sorted(answer.status for answer in answers) == [200, 401]

    within(folder, test)


def test_what_comes_again_takes_the_place_of_what_came_before(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene)
        assert await delivered(scene, delivery(credential(scene))) == 200
        assert await delivered(scene, delivery(credential(scene, id="urn:uuid:next"))) == 200
        assert [one.id for one in await scene.held()] == ["urn:uuid:next"]

    within(folder, test)


def test_one_issuer_cannot_take_the_place_of_what_another_has_issued(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene)
        other = HeldCredential(
            id="urn:uuid:credential",
            kind=MEMBERSHIP,
            issuer=scene.sued.did,
            profile=VC20,
            token="x",
            received=0,
            begins=0,
            ends=1 << 60,
        )
        await scene.nord.store.write(lambda tx: tx.put(other))
        assert await delivered(scene, delivery(credential(scene))) == 400
        assert await scene.held() == [other]

    within(folder, test)


def test_a_refusal_ends_the_request_and_its_text_is_told_nobody_as_a_code(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await wished(scene)
        refused = delivery(status="REJECTED", credentials=None, rejectionReason="<b>never</b>")
        assert await delivered(scene, refused) == 200
        wish = await scene.nord.wallet.wish(WISH)
        assert (wish.state, wish.rejected) == ("rejected", "wish.rejected")

    within(folder, test)


def test_those_who_want_to_know_are_told_in_the_transaction_that_keeps_it(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        told = []

        def tell(tx: Any, one: HeldCredential) -> None:
            told.append(one.id)
            raise RuntimeError

        await wished(scene)
        scene.nord.wallet.told.append(tell)
        with pytest.raises(RuntimeError):
            await delivered(scene, delivery(credential(scene)))
        assert told == ["urn:uuid:credential"]
        assert await scene.held() == []

    within(folder, test)


# --- asking -----------------------------------------------------------------------------------------------------------


def test_what_is_open_is_not_asked_for_twice_but_goes_on_with_the_new_code(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.town.broken = lambda method, url: Reply(503, b"")
        first = await scene.nord.wallet.request(scene.region.did, [MEMBERSHIP], "one")
        await asyncio.sleep(600)
        scene.town.broken = lambda method, url: None
        second = await scene.nord.wallet.request(scene.region.did, [MEMBERSHIP], await scene.invited())
        assert first.id == second.id
        # At once, although the pause after so many failures is minutes long.
        await asyncio.sleep(0.1)
        assert len(await scene.held()) == 2

    within(folder, test)


def test_a_request_goes_on_in_a_new_process(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.town.broken = lambda method, url: Reply(503, b"")
        await scene.nord.wallet.request(scene.region.did, [MEMBERSHIP], await scene.invited())
        await asyncio.sleep(1)
        await scene.nord.close()
        scene.town.broken = lambda method, url: None
        scene.nord._made()
        await scene.nord.start()
        await asyncio.sleep(1)
        assert len(await scene.held()) == 2

    within(folder, test)


def test_what_an_issuer_does_not_issue_is_told_at_once(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.nord.wallet.request(scene.region.did, ["MayorCredential"])
        await asyncio.sleep(1)
        assert (await scene.nord.wallet.wishes())[0].rejected == "wish.not_offered"

    within(folder, test)


def test_a_party_that_issues_nothing_is_asked_again_for_a_while(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.nord.wallet.request(scene.sued.did, [MEMBERSHIP])
        await asyncio.sleep(DAY)
        assert (await scene.nord.wallet.wishes())[0].state == "open"
        assert scene.town.calls == []

    within(folder, test)


@pytest.mark.parametrize("kinds", [[], [""], ["x" * 257]])
def test_nothing_is_no_request(folder: Path, kinds: list[str]) -> None:
    async def test(scene: Scene) -> None:
        with pytest.raises(InputError, match=r"wish\.kinds"):
            await scene.nord.wallet.request(scene.region.did, kinds)

    within(folder, test)


def test_what_has_two_thirds_of_its_life_behind_it_is_had_anew_by_itself(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        first = {one.id for one in await scene.joined()}
        await asyncio.sleep(59 * DAY)
        await scene.nord.wallet.renew()
        await asyncio.sleep(1)
        assert {one.id for one in await scene.held()} == first
        await asyncio.sleep(2 * DAY)
        await scene.nord.wallet.renew()
        await scene.nord.wallet.renew()
        await asyncio.sleep(1)
        second = await scene.held()
        assert len(second) == 2
        assert not first & {one.id for one in second}
        assert len(await scene.nord.wallet.wishes()) == 2

    within(folder, test)


def test_a_node_that_was_away_for_long_comes_back_by_itself(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        await asyncio.sleep(200 * DAY)
        await scene.nord.wallet.renew()
        await asyncio.sleep(1)
        assert all(one.ends > scene.nord.clock.now() for one in await scene.held())

    within(folder, test)


def test_who_is_no_member_any_more_asks_once_a_day(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        await scene.region.members.leave("op", "nord")
        await asyncio.sleep(70 * DAY)
        for _ in range(48):
            await scene.nord.wallet.renew()
            await asyncio.sleep(DAY / 24)
        assert len(await scene.nord.wallet.wishes()) == 3

    within(folder, test)


def test_what_is_held_and_asked_for_can_be_shown(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        held = await scene.joined()
        assert await scene.nord.wallet.show(held[0].id) == held[0]
        with pytest.raises(UnknownError, match=r"credential\.unknown"):
            await scene.nord.wallet.show("urn:x")
        with pytest.raises(UnknownError, match=r"wish\.unknown"):
            await scene.nord.wallet.wish("urn:x")
        offered = await scene.nord.wallet.offered(scene.region.did)
        assert {one.credentialType for one in offered} == {MEMBERSHIP, "DeviceCredential"}

    within(folder, test)


# --- offers -----------------------------------------------------------------------------------------------------------


def offer(scene: Scene, *objects: dict[str, Any], issuer: str = "") -> dict[str, Any]:
    named = objects or ({"id": "urn:x:1", "type": "CredentialObject", "credentialType": MEMBERSHIP},)
    message = {"@context": [dcp.CONTEXT], "type": "CredentialOfferMessage"}
    return {**message, "issuer": issuer or scene.region.did, "credentials": list(named)}


async def believed(scene: Scene, *, own: bool) -> None:
    """Nord believes the region."""
    region = Region(
        id=scene.region.did, name="r", title="R", url=scene.region.url, words="", added=0, added_by="op", own=own
    )
    await scene.nord.store.write(lambda tx: tx.put(region))


def test_I2_an_offer_in_the_name_of_another_is_refused(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await believed(scene, own=True)
        answer = await scene.nord.post("/dcp/offers", offer(scene), scene.sued.token(scene.nord.did))
        assert answer.status == 403
        assert await scene.nord.wallet.wishes() == []

    within(folder, test)


def test_an_offer_of_a_stranger_is_refused(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        body = offer(scene, issuer=scene.sued.did)
        answer = await scene.nord.post("/dcp/offers", body, scene.sued.token(scene.nord.did))
        assert answer.status == 403
        assert scene.town.calls == []

    within(folder, test)


@pytest.mark.parametrize(
    ("own", "reason", "asked"),
    [(True, "reissue", 1), (True, "proof-key-revocation", 1), (True, "issuance", 0), (False, "reissue", 0)],
)
def test_only_our_own_region_is_asked_by_itself_and_only_for_what_is_had_anew(
    folder: Path, own: bool, reason: str, asked: int
) -> None:
    async def test(scene: Scene) -> None:
        await believed(scene, own=own)
        body = offer(scene, {"id": "urn:x:1", "credentialType": MEMBERSHIP, "offerReason": reason})
        answer = await scene.nord.post("/dcp/offers", body, scene.region.token(scene.nord.did))
        assert answer.status == 200
        assert len(await scene.nord.wallet.wishes()) == asked
        entries = [json.loads(one.body) for one in await scene.nord.events()]
        assert [one["params"]["kinds"] for one in entries if one["event"] == "credential.offered"] == [MEMBERSHIP]

    within(folder, test)


def test_what_an_offer_only_names_is_looked_up_in_the_issuers_metadata(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await believed(scene, own=True)
        body = offer(scene, *({"id": id, "offerReason": "reissue"} for id in scene.ids()))
        answer = await scene.nord.post("/dcp/offers", body, scene.region.token(scene.nord.did))
        assert answer.status == 200
        assert [one.kinds for one in await scene.nord.wallet.wishes()] == [(MEMBERSHIP,)]

    within(folder, test)


def test_an_offer_of_what_nobody_knows_is_taken_and_leads_to_nothing(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await believed(scene, own=True)
        scene.town.broken = lambda method, url: Reply(503, b"")
        body = offer(scene, {"id": "urn:x:unknown"})
        assert (await scene.nord.post("/dcp/offers", body, scene.region.token(scene.nord.did))).status == 200
        assert await scene.nord.wallet.wishes() == []

    within(folder, test)
