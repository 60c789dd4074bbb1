"""A region issues to its members and to nobody else, and brings what it has issued, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from certs import credentials, jwk
from connector.errors import DeliveryError
from connector.ports import Reply
from connector.protocol import dcp
from connector.records import HeldCredential, Invite, Issuance, Issued, Wish
from connector.services.region.issuing import GIVE_UP, MOST_OPEN
from connector.services.trust.wallet import GIVE_UP as WISH_GIVE_UP
from tests.connector.services.trust.parties import MEMBERSHIP, Party, Town
from tests.harness.virtual import run

DAY = 86_400.0


class Scene:
    """A region and a municipality that wants to join it."""

    def __init__(self, folder: Path) -> None:
        self.town = Town()
        self.region = Party("region", folder / "region", self.town, issues=True)
        self.nord = Party("nord", folder / "nord", self.town)
        self.sued = Party("sued", folder / "sued", self.town)

    async def start(self) -> Scene:
        for party in self.town.parties.values():
            await party.start()
        return self

    async def close(self) -> None:
        for party in self.town.parties.values():
            await party.close()

    async def invited(self, name: str = "nord", **more: Any) -> str:
        return (await self.region.members.invite("op", name, title="Gemeinde Nord", **more)).code

    async def held(self, party: Party | None = None) -> list[HeldCredential]:
        return await (party or self.nord).wallet.list()

    async def joined(self) -> list[HeldCredential]:
        """Nord is a member and has its credentials."""
        await self.nord.wallet.request(self.region.did, [MEMBERSHIP], await self.invited(key="14627010"))
        await asyncio.sleep(1)
        return await self.held()

    def request(self, pid: str, *ids: str) -> dict[str, Any]:
        wanted = [{"id": id} for id in ids or self.ids()]
        return {"@context": [dcp.CONTEXT], "type": "CredentialRequestMessage", "holderPid": pid, "credentials": wanted}

    def ids(self, kind: str = MEMBERSHIP) -> list[str]:
        found = self.region.issuing.metadata().credentialsSupported
        return [one.id for one in found if one.credentialType == kind]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def within(folder: Path, test: Any) -> None:
    """Run a test on a scene."""

    async def main() -> None:
        scene = await Scene(folder).start()
        try:
            await test(scene)
        finally:
            await scene.close()

    run(main)


def test_who_has_a_code_gets_a_credential_in_both_profiles(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        held = await scene.joined()
        assert {one.profile for one in held} == set(dcp.PROFILES)
        for one in held:
            keys = {id: jwk.read(scene.region.document.keys[id]) for id in scene.region.document.assertions}
            found = credentials.verify(one.token, keys, scene.nord.clock.now())
            assert found.subject == scene.nord.did
            assert found.issuer == scene.region.did
            assert found.claims == {
                "name": "Gemeinde Nord",
                "memberOf": scene.region.did,
                "municipalityKey": "14627010",
            }
            assert {entry.purpose for entry in found.status} <= {"revocation", "suspension"}
            assert one.ends - one.begins == 90 * DAY * 1_000_000
        wish = (await scene.nord.wallet.wishes())[0]
        assert (wish.state, wish.code) == ("issued", "")

    within(folder, test)


def test_a_code_is_used_up_when_what_it_was_for_has_arrived(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        invite = await scene.region.store.read(lambda view: view.get(Invite, "nord"))
        assert invite is not None
        assert invite.used is not None
        assert invite.did == scene.nord.did

    within(folder, test)


@pytest.mark.parametrize("code", ["", "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"])
def test_without_a_good_code_a_stranger_gets_nothing_and_learns_so_at_once(folder: Path, code: str) -> None:
    async def test(scene: Scene) -> None:
        await scene.nord.wallet.request(scene.region.did, [MEMBERSHIP], code or None)
        await asyncio.sleep(1)
        wish = (await scene.nord.wallet.wishes())[0]
        assert wish.state == "rejected"
        assert wish.rejected == ("invite.unknown" if code else "member.unknown")
        assert await scene.region.store.read(lambda view: view.count(Issued)) == 0

    within(folder, test)


def test_anothers_code_is_nobody_elses_any_more(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        code = await scene.invited()
        await scene.nord.wallet.request(scene.region.did, [MEMBERSHIP], code)
        await asyncio.sleep(1)
        await scene.sued.wallet.request(scene.region.did, [MEMBERSHIP], code)
        await asyncio.sleep(1)
        assert (await scene.sued.wallet.wishes())[0].rejected == "invite.used"
        assert await scene.held(scene.sued) == []

    within(folder, test)


def test_a_member_has_its_credential_anew_without_a_code(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        first = await scene.joined()
        await scene.nord.wallet.request(scene.region.did, [MEMBERSHIP])
        await asyncio.sleep(1)
        second = await scene.held()
        assert len(second) == len(first)
        assert not {one.id for one in first} & {one.id for one in second}

    within(folder, test)


@pytest.mark.parametrize("state", ["suspend", "leave", "stolen"])
def test_who_is_no_active_member_gets_nothing(folder: Path, state: str) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        await getattr(scene.region.members, state)("op", "nord")
        await scene.nord.wallet.request(scene.region.did, [MEMBERSHIP])
        await asyncio.sleep(1)
        assert (await scene.nord.wallet.wishes())[-1].rejected == "member.unknown"

    within(folder, test)


def test_who_stops_being_a_member_before_the_issue_is_refused_and_told(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        held = await scene.held()
        # Taken, and not issued yet: as it is when the process ends in between.
        pending = Issuance(
            id="urn:uuid:p",
            holder=scene.nord.did,
            process="urn:uuid:w",
            kinds=tuple(scene.ids()),
            state="received",
            created=scene.region.clock.now(),
        )
        wish = Wish(id="urn:uuid:w", issuer=scene.region.did, kinds=(MEMBERSHIP,), state="open", created=0)
        await scene.nord.store.write(lambda tx: tx.put(wish))
        await scene.region.store.write(lambda tx: tx.put(pending))
        await scene.region.members.leave("op", "nord")
        await scene.region.again()
        await asyncio.sleep(1)
        ended = await scene.nord.wallet.wish("urn:uuid:w")
        assert (ended.state, ended.rejected) == ("rejected", "member.unknown")
        assert await scene.held() == held

    within(folder, test)


def test_a_request_that_comes_twice_is_one_request(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        body = scene.request("urn:uuid:x")
        answers = [
            await scene.region.post("/issuer/credentials", body, scene.nord.token(scene.region.did)) for _ in range(2)
        ]
        assert {answer.status for answer in answers} == {201}
        assert len({answer.headers["location"] for answer in answers}) == 1

    within(folder, test)


def test_the_answer_to_a_request_may_be_lost(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        lost = iter([True])
        scene.town.lost = lambda method, url: url.endswith("/issuer/credentials") and next(lost, False)
        assert len(await scene.joined()) == 2
        assert await scene.region.store.read(lambda view: view.count(Issued)) == 2

    within(folder, test)


def test_a_delivery_goes_on_until_it_is_there_also_in_a_new_process(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.town.broken = lambda method, url: Reply(503, b"") if url.endswith("/dcp/credentials") else None
        assert await scene.joined() == []
        await scene.region.again()
        await asyncio.sleep(600)
        assert await scene.held() == []
        scene.town.broken = lambda method, url: None
        await scene.region.again()
        await asyncio.sleep(1)
        assert len(await scene.held()) == 2
        # The same credentials as were issued before the first process ended.
        issued = await scene.region.store.read(lambda view: view.select(Issued))
        assert {one.id for one in issued} == {one.id for one in await scene.held()}

    within(folder, test)


def test_a_delivery_whose_answer_was_lost_is_taken_again(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        lost = iter([True, True])
        scene.town.lost = lambda method, url: url.endswith("/dcp/credentials") and next(lost, False)
        await scene.joined()
        await asyncio.sleep(60)
        issuance = (await scene.region.issuing.list())[0]
        assert issuance.delivered is not None
        assert len(await scene.held()) == 2

    within(folder, test)


def test_what_nobody_takes_is_taken_back_in_the_end(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        def away(method: str, url: str) -> Reply | None:
            if url.endswith("/dcp/credentials"):
                raise DeliveryError("peer.unreachable")
            return None

        scene.town.broken = away
        await scene.joined()
        await asyncio.sleep(GIVE_UP / 1_000_000 + 1000)
        issuance = (await scene.region.issuing.list())[0]
        assert issuance.state == "rejected"
        issued = await scene.region.revocation.list(holder=scene.nord.did)
        assert issued
        assert all(one.revoked is not None for one in issued)

    within(folder, test)


def test_a_request_that_nobody_answers_is_given_up(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.town.broken = lambda method, url: Reply(503, b"")
        await scene.nord.wallet.request(scene.region.did, [MEMBERSHIP])
        await asyncio.sleep(WISH_GIVE_UP / 1_000_000 + 1000)
        assert (await scene.nord.wallet.wishes())[0].rejected == "wish.unanswered"
        # Fewer and fewer, not thousands.
        assert len(scene.town.calls) < 2_500

    within(folder, test)


def test_a_waiting_holder_asks_how_far_it_is_less_and_less_often(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.town.broken = lambda method, url: Reply(503, b"") if url.endswith("/dcp/credentials") else None
        await scene.joined()
        scene.town.calls.clear()
        await asyncio.sleep(DAY)
        polls = [url for _, url in scene.town.calls if "/issuer/requests/" in url]
        assert 20 <= len(polls) <= 60

    within(folder, test)


def test_an_issuer_that_has_forgotten_a_request_is_asked_again(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        scene.town.broken = lambda method, url: Reply(503, b"") if url.endswith("/dcp/credentials") else None
        await scene.joined()

        def forget(tx: Any) -> None:
            for one in tx.select(Issuance):
                tx.delete(Issuance, one.id)

        await scene.region.store.write(forget)
        scene.town.broken = lambda method, url: None
        await asyncio.sleep(120)
        assert len(await scene.held()) == 2

    within(folder, test)


def test_only_the_requester_reads_the_status(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        issuance = (await scene.region.issuing.list())[0]
        path = f"/issuer/requests/{issuance.id}"

        async def status(party: Party) -> Any:
            return await scene.region.asked("GET", path, {"authorization": party.token(scene.region.did)})

        own, other = await status(scene.nord), await status(scene.sued)
        assert own.status == 200
        assert json.loads(own.body)["status"] == "ISSUED"
        assert other.status == 404
        assert b"ISSUED" not in other.body

    within(folder, test)


@pytest.mark.parametrize(
    "ids",
    [("urn:allmende:credential:Mayor:vc20-bssl",), (*("urn:allmende:credential:MembershipCredential:vc20-bssl",), "x")],
)
def test_what_is_not_in_the_metadata_is_not_issued(folder: Path, ids: tuple[str, ...]) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        body = scene.request("urn:uuid:y", *ids)
        answer = await scene.region.post("/issuer/credentials", body, scene.nord.token(scene.region.did))
        assert answer.status == 400

    within(folder, test)


def test_a_node_gets_no_credential_for_devices(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        for ids in (scene.ids("DeviceCredential"), [*scene.ids(), *scene.ids("DeviceCredential")]):
            body = scene.request("urn:uuid:z", *ids)
            answer = await scene.region.post("/issuer/credentials", body, scene.nord.token(scene.region.did))
            assert answer.status in (400, 403)

    within(folder, test)


def test_a_holder_has_a_few_open_requests_at_most(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        scene.town.broken = lambda method, url: Reply(503, b"") if url.endswith("/dcp/credentials") else None
        answers = []
        for number in range(MOST_OPEN + 1):
            body = scene.request(f"urn:uuid:{number}")
            answers.append(await scene.region.post("/issuer/credentials", body, scene.nord.token(scene.region.did)))
        assert [answer.status for answer in answers] == [201] * MOST_OPEN + [429]

    within(folder, test)


def test_members_are_offered_the_next_credential_once_before_two_thirds(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        await scene.region.issuing.remind()
        assert not [url for _, url in scene.town.calls if url.endswith("/offers")]
        await asyncio.sleep(90 * DAY * 0.61)
        await scene.region.issuing.remind()
        await scene.region.issuing.remind()
        assert len([url for _, url in scene.town.calls if url.endswith("/offers")]) == 1

    within(folder, test)


def test_the_schema_of_what_is_issued_can_be_had_and_that_of_others_cannot(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        url = scene.region.issuing.metadata().credentialsSupported[0].credentialSchema
        assert isinstance(url, str)
        found = await scene.region.asked("GET", url.removeprefix(scene.region.url), {})
        assert found.status == 200
        assert json.loads(found.body)["$id"] == url
        assert (await scene.region.asked("GET", "/issuer/schemas/Mayor", {})).status == 404

    within(folder, test)


def test_what_was_delivered_a_repeat_asks_for_anew(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        first = (await scene.region.issuing.list())[0]
        body = scene.request(first.process)
        answer = await scene.region.post("/issuer/credentials", body, scene.nord.token(scene.region.did))
        assert answer.status == 201
        assert not answer.headers["location"].endswith(first.id)

    within(folder, test)
