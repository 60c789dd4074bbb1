"""Only what is asked for, held by the pass, and valid is shown: to whom the pass was given, and once (I4, I5, I6)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from certs import jwk, presentations
from connector.protocol import dcp
from connector.protocol.dcp import VC11, VC20
from connector.records import HeldCredential
from connector.services.trust.passes import LIFE
from tests.connector.services.region.test_issuing import Scene, within
from tests.connector.services.trust.parties import MEMBERSHIP, Party

MEMBERS = dcp.type_scope(MEMBERSHIP)
OTHERS = dcp.type_scope("OtherCredential")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def given(scene: Scene, *scopes: str, to: Party | None = None) -> str:
    """A pass of Nord's for Sued."""
    nord = scene.nord
    return nord.passes.issue((to or scene.sued).did, nord.clock.now(), nord.ids.token(), scopes or (MEMBERS,))


def query(*scopes: str, **more: Any) -> dict[str, Any]:
    message = {"@context": [dcp.CONTEXT], "type": "PresentationQueryMessage", **more}
    return {**message, "scope": list(scopes)} if scopes else message


async def asked(
    scene: Scene, message: dict[str, Any], opened: str, sender: Party | None = None
) -> tuple[int, list[HeldCredential]]:
    """The status of the answer, and the credentials in its presentations, which are verified."""
    party = sender or scene.sued
    answer = await scene.nord.post("/dcp/presentations/query", message, party.token(scene.nord.did, grant=opened))
    if answer.status != 200:
        assert set(json.loads(answer.body)) <= {"code", "place"}
        return answer.status, []
    document, tokens = scene.nord.document, list[str]()
    for one in json.loads(answer.body)["presentation"]:
        found = presentations.verify(
            one,
            audience=party.did,
            holder=scene.nord.did,
            keys={id: jwk.read(document.keys[id]) for id in document.presenters},
            now=party.clock.now(),
        )
        assert {credential.profile for credential in found.credentials} == {found.profile}
        tokens += found.tokens
    held = {one.token: one for one in await scene.held()}
    return answer.status, [held[token] for token in tokens]


def test_both_models_are_shown_in_a_presentation_each(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        status, shown = await asked(scene, query(MEMBERS), given(scene))
        assert status == 200
        assert {one.profile for one in shown} == {VC20, VC11}

    within(folder, test)


def test_I4_more_scopes_than_the_pass_has_get_only_those_that_it_has(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        other = (await scene.joined())[1]
        await scene.nord.store.write(lambda tx: tx.put(replace(other, kind="OtherCredential")))
        for scopes in ((MEMBERS, OTHERS), (OTHERS, MEMBERS), (MEMBERS, "no scope at all"), (MEMBERS, MEMBERS)):
            status, shown = await asked(scene, query(*scopes), given(scene))
            assert (status, {one.kind for one in shown}) == (200, {MEMBERSHIP})
        assert await asked(scene, query(OTHERS), given(scene)) == (200, [])
        assert await asked(scene, query("no scope at all"), given(scene, "no scope at all")) == (200, [])

    within(folder, test)


def test_the_pass_may_hold_more_than_is_asked_for(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        _, shown = await asked(scene, query(OTHERS), given(scene, MEMBERS, OTHERS))
        assert shown == []

    within(folder, test)


def test_one_credential_can_be_asked_for_by_its_id(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        one = (await scene.joined())[0]
        for opened in (MEMBERS, dcp.ID_SCOPE + one.id):
            _, shown = await asked(scene, query(dcp.ID_SCOPE + one.id), given(scene, opened))
            assert shown == [one]
        assert await asked(scene, query(dcp.ID_SCOPE + one.id), given(scene, OTHERS)) == (200, [])
        assert await asked(scene, query(dcp.ID_SCOPE + "urn:x:none"), given(scene)) == (200, [])

    within(folder, test)


def test_the_third_part_that_peers_write_is_understood(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        for asked_for, opened in ((MEMBERS + ":read", MEMBERS), (MEMBERS, MEMBERS + ":read")):
            _, shown = await asked(scene, query(asked_for), given(scene, opened))
            assert len(shown) == 2

    within(folder, test)


def test_I5_a_pass_opens_for_whom_it_was_given(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        stolen = given(scene)
        assert await asked(scene, query(MEMBERS), stolen, sender=scene.region) == (401, [])
        # It was not used up by the thief.
        assert (await asked(scene, query(MEMBERS), stolen))[0] == 200

    within(folder, test)


def test_I5_a_pass_opens_once_also_for_two_at_the_same_time_and_after_a_new_start(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        used = given(scene)
        answers = await asyncio.gather(*(asked(scene, query(MEMBERS), used) for _ in range(2)))
        assert sorted(status for status, _ in answers) == [200, 401]
        await scene.nord.again()
        assert await asked(scene, query(MEMBERS), used) == (401, [])

    within(folder, test)


def test_I5_a_pass_that_has_ended_opens_nothing(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        late = given(scene)
        await asyncio.sleep(LIFE / 1_000_000)
        assert await asked(scene, query(MEMBERS), late) == (401, [])

    within(folder, test)


@pytest.mark.parametrize("opened", ["", "faketoken", "a.b"])
def test_without_a_pass_of_ours_nothing_is_shown(folder: Path, opened: str) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        assert await asked(scene, query(MEMBERS), opened) == (401, [])

    within(folder, test)


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (query(MEMBERS, presentationDefinition={"id": "x", "input_descriptors": []}), 400),
        (query(presentationDefinition={"id": "x", "input_descriptors": []}), 501),
        (query(presentationDefinition={}), 400),
        (query(), 400),
        (query(scope=[]), 400),
        (query(MEMBERS, type="CredentialMessage"), 400),
        ([], 400),
    ],
)
def test_I6_a_query_is_by_scopes_and_by_nothing_else(folder: Path, message: Any, status: int) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        assert await asked(scene, message, given(scene)) == (status, [])

    within(folder, test)


@pytest.mark.parametrize("changed", [{"ends": 1}, {"begins": 1 << 60, "ends": 1 << 61}, {"revoked": 1}])
def test_what_is_not_valid_is_not_shown(folder: Path, changed: dict[str, int]) -> None:
    async def test(scene: Scene) -> None:
        first, second = await scene.joined()
        await scene.nord.store.write(lambda tx: tx.put(replace(first, **changed)))
        assert await asked(scene, query(MEMBERS), given(scene)) == (200, [second])

    within(folder, test)


def test_nothing_is_shown_without_an_entry_in_the_log(folder: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.joined()
        await asked(scene, query(MEMBERS), given(scene))
        last = json.loads((await scene.nord.events())[-1].body)
        assert last["event"] == "credential.shown"
        assert last["params"] == {"peer": scene.sued.did, "kinds": MEMBERSHIP}

    within(folder, test)
