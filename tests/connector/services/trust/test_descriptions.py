"""Covers connector/services/trust/{descriptions,particulars}.py and connector/services/region/comply.py."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.descriptions import rules
from catalog.rdf import contexts, terms
from certs import credentials, jwk, presentations
from connector.errors import InputError, UnknownError
from connector.records import HeldCredential, Issued
from connector.services.trust.descriptions import COMPLIANCE, reasons
from tests.connector.services.trust.described import DAY, Scene
from tests.harness.virtual import run

PLACE = {"street": "Markt 1", "postcode": "01234", "locality": "Nord", "region": "DED2"}
US = 1_000_000


def within(folder: Path, test: Any) -> None:
    """Run a test on a scene."""

    async def main() -> None:
        scene = await Scene(folder).start()
        try:
            await test(scene)
        finally:
            await scene.close()

    run(main)


async def _published(scene: Scene) -> dict[str, credentials.Credential]:
    """What everybody reads, by name, each verified with the keys of its issuer."""
    index = json.loads(await scene.web.fetch(scene.nord.url + "/descriptions"))
    found = {}
    for line in index["descriptions"]:
        token = (await scene.web.fetch(line["url"])).decode()
        party = scene.town.parties[credentials.read(token, contexts=terms.KNOWN).issuer]
        keys = {id: jwk.read(party.document.keys[id]) for id in party.document.assertions}
        found[line["url"].rpartition("/")[2]] = credentials.verify(
            token, keys, scene.nord.clock.now(), contexts=terms.KNOWN
        )
    return found


def test_what_is_missing_is_said_and_nothing_is_published_before(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        checked = await scene.own.descriptions.check()
        assert [one.params["term"] for one in reasons(checked.findings)] == ["gx:local"]
        with pytest.raises(InputError, match=r"description\.incomplete"):
            await scene.own.descriptions.publish("op")
        assert not await scene.own.descriptions.published()
        with pytest.raises(UnknownError):
            await scene.own.descriptions.served("participant")
        await scene.own.descriptions.say("op", {"number": "14627010", "country": ""})
        found = reasons((await scene.own.descriptions.check()).findings)
        assert {one.params["term"] for one in found} == {"gx:countryCode"}

    within(tmp_path, test)


def test_wrong_statements_are_refused(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        with pytest.raises(InputError, match=r"description\.register"):
            await scene.own.descriptions.say("op", {"register": "moon"})
        with pytest.raises(InputError, match=r"description\.terms"):
            await scene.own.descriptions.say("op", {"terms": "https://a.example/terms"})
        with pytest.raises(InputError, match=r"description\.not_published"):
            await scene.own.descriptions.withdraw("op")

    within(tmp_path, test)


def test_descriptions_are_credentials_at_stable_addresses(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.own.offered("trees")
        await scene.own.offered("secret", to="did:web:sued.example")
        await scene.own.descriptions.say("op", {"name": "Gemeinde Nord", "number": "14627010", **PLACE})
        await scene.own.descriptions.publish("op")
        found = await _published(scene)
        assert set(found) == {"participant", "registration", "issuer", "node", "node-terms", "data-trees"}
        header = found["participant"].envelope.jws.header
        assert (header["typ"], header["cty"]) == ("vc+jwt", "vc")
        for name, credential in found.items():
            assert credential.id == f"{scene.nord.url}/descriptions/{name}"
            assert credential.subject == f"{credential.id}#subject"
            assert credential.issuer == scene.nord.did
        subjects = [one.document["credentialSubject"] for one in found.values()]
        assert rules.check(subjects) == ()
        meant = [node for one in found.values() for node in contexts.read(dict(one.document)).nodes]
        assert rules.check(meant) == ()

    within(tmp_path, test)


def test_what_descriptions_refer_to_has_the_hash_that_they_say(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        from hashlib import sha256

        await scene.own.offered("trees")
        await scene.own.descriptions.say("op", {"number": "14627010"})
        await scene.own.descriptions.publish("op")
        product = (await _published(scene))["data-trees"].claims
        for key in ("gx:digitalServiceOfferingTermsAndConditions", "gx:digitalServiceUsageTermsAndConditions"):
            body = await scene.web.fetch(product[key]["gx:url"]["@value"])
            assert sha256(body).hexdigest() == product[key]["gx:hash"]

    within(tmp_path, test)


def test_the_presentation_shows_what_is_about_us(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.own.offered("trees")
        await scene.own.descriptions.say("op", {"number": "14627010"})
        await scene.own.descriptions.publish("op")
        token = (await scene.web.fetch(scene.nord.url + "/descriptions/presentation")).decode()
        shown = presentations.read(token, contexts=terms.KNOWN)
        assert shown.holder == scene.nord.did
        assert len(shown.credentials) == 5

    within(tmp_path, test)


def test_descriptions_follow_what_is_offered_and_are_renewed_in_time(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        own = scene.own.descriptions
        await scene.own.offered("trees")
        await own.say("op", {"number": "14627010"})
        await own.publish("op")
        first = {one.id: one for one in await own.every()}
        await own.look()
        assert {one.id: one for one in await own.every()} == first
        await scene.own.offered("benches")
        await own.say("op", {"name": "Stadt Nord"})
        await own.look()
        second = {one.id: one for one in await own.every()}
        assert len(second) == len(first) + 1
        same = {id.rpartition("/")[2] for id, one in first.items() if second[id].token == one.token}
        assert same == {"registration", "issuer", "node-terms", "data-trees"}
        await scene.own.retired("trees")
        await own.look()
        assert f"{scene.nord.url}/descriptions/data-trees" not in {one.id for one in await own.every()}
        await asyncio.sleep(61 * DAY)
        await own.look()
        third = {one.id: one for one in await own.every()}
        assert all(one.token != second[id].token for id, one in third.items())
        await own.withdraw("op")
        assert await own.every() == []
        with pytest.raises(UnknownError):
            await own.served("terms")

    within(tmp_path, test)


def test_a_member_needs_no_questions_and_its_region_attests_the_number(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.join()
        await scene.own.descriptions.publish()
        assert (await scene.own.descriptions.check()).party.number == "14627010"
        report = await scene.compliance.comply("op", "nord")
        assert report.complies
        assert report.met == (
            "participant-described",
            "number-is-registered",
            "terms-agreed",
            "node-described",
            "descriptions-signed-and-current",
            "descriptions-keep-to-the-rules",
        )
        await scene.own.descriptions.ask_regions()
        attested = (await _published(scene))["registration"]
        assert attested.issuer == scene.region.did
        assert attested.claims["gx:local"] == "AGS 14627010"
        assert attested.document["evidence"][0]["type"] == "urn:allmende:RegionalAttestation"
        assert {entry.purpose for entry in attested.status} == {"revocation", "suspension"}
        held = await scene.nord.store.read(lambda view: view.find(HeldCredential, kind=COMPLIANCE))
        assert held is not None
        said = credentials.read(held.token).claims
        assert said["criteria"] == list(report.met)
        assert len(said["compliantCredentials"]) == 5
        token = (await scene.web.fetch(scene.nord.url + "/descriptions/presentation")).decode()
        assert COMPLIANCE in {
            kind for one in presentations.read(token, contexts=terms.KNOWN).credentials for kind in one.types
        }

    within(tmp_path, test)


def test_without_a_key_the_number_is_that_of_the_regions_member(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.join(key="")
        await scene.own.descriptions.publish()
        assert (await scene.compliance.comply("op", "nord")).complies
        number = (await _published(scene))["registration"].claims["gx:local"]
        assert number == f"member {scene.nord.did} of {scene.region.did}"

    within(tmp_path, test)


def test_a_region_attests_nothing_that_it_knows_otherwise(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.join()
        await scene.own.descriptions.say("op", {"number": "14627999"})
        await scene.own.descriptions.publish()
        report = await scene.compliance.check("nord")
        assert [one.params["criterion"] for one in report.unmet] == ["number-is-registered"]
        with pytest.raises(InputError, match=r"compliance\.unmet"):
            await scene.compliance.comply("op", "nord")
        await scene.own.descriptions.ask_regions()
        assert (await _published(scene))["registration"].issuer == scene.nord.did

    within(tmp_path, test)


@pytest.mark.parametrize("wrong", ["another signer", "another issuer", "no credential", "another host", "no index"])
def test_what_is_not_the_members_own_is_not_counted(tmp_path: Path, wrong: str) -> None:
    async def test(scene: Scene) -> None:
        await scene.join()
        await scene.own.descriptions.publish()
        url = scene.nord.url + "/descriptions/participant"
        token = (await scene.web.fetch(url)).decode()
        head, body, tail = token.split(".")
        index = json.loads(await scene.web.fetch(scene.nord.url + "/descriptions"))
        if wrong == "another signer":
            scene.web.more[url] = f"{head}.{body}.{'A' * len(tail)}".encode()
        elif wrong == "another issuer":
            scene.web.more[url] = _forged(token, scene, "did:web:sued.example").encode()
        elif wrong == "no credential":
            scene.web.more[url] = b"<html>"
        elif wrong == "another host":
            index["descriptions"][0]["url"] = "https://evil.example/descriptions/x"
            scene.web.more[scene.nord.url + "/descriptions"] = msgspec.json.encode(index)
        else:
            scene.web.more[scene.nord.url + "/descriptions"] = b"[]"
        report = await scene.compliance.check("nord")
        assert not report.complies
        assert report.unmet[0].code == "compliance.credential"
        assert not any("evil" in url for url in scene.web.asked)

    within(tmp_path, test)


def _forged(token: str, scene: Scene, issuer: str) -> str:
    found = credentials.read(token, contexts=terms.KNOWN)
    return credentials.issue(
        scene.nord.key,
        f"{issuer}#token",
        issuer=issuer,
        subject=found.subject,
        id=found.id,
        kind="gx:LegalPerson",
        claims=dict(found.claims),
        begins=found.begins,
        ends=found.ends,
        contexts=(terms.GX,),
    )


def test_what_is_attested_is_renewed_and_ends_with_membership(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.join()
        await scene.own.descriptions.publish()
        await scene.compliance.comply("op", "nord")
        before = await scene.region.store.read(lambda view: view.select(Issued, holder=scene.nord.did))
        await asyncio.sleep(61 * DAY)
        await scene.own.descriptions.look()
        await scene.compliance.renew()
        after = await scene.region.store.read(lambda view: view.select(Issued, holder=scene.nord.did))
        assert len(after) == len(before) + 2
        assert sum(one.revoked is not None for one in after) == 2
        await scene.region.members.leave("op", "nord")
        last = await scene.region.store.read(lambda view: view.select(Issued, holder=scene.nord.did))
        assert all(one.revoked is not None for one in last)
        with pytest.raises(InputError):
            await scene.compliance.comply("op", "nord")

    within(tmp_path, test)


def test_a_silent_or_lying_region_changes_nothing(tmp_path: Path) -> None:
    async def test(scene: Scene) -> None:
        await scene.join()
        await scene.own.descriptions.publish()
        await scene.compliance.comply("op", "nord")
        asked = next(url for url in scene.web.asked if "/attested/" in url)
        for answer in (b"nonsense", b'{"tokens":["a.b.c","x"]}', b'{"tokens":[]}'):
            scene.web.more[asked] = answer
            await scene.own.descriptions.ask_regions()
            assert (await _published(scene))["registration"].issuer == scene.nord.did
        own = (await scene.web.fetch(scene.nord.url + "/descriptions/participant")).decode()
        scene.web.more[asked] = msgspec.json.encode({"tokens": [own, _forged(own, scene, scene.region.did)]})
        await scene.own.descriptions.ask_regions()
        assert (await _published(scene))["registration"].issuer == scene.nord.did
        del scene.web.more[asked]
        scene.web.down.add(asked)
        await scene.own.descriptions.ask_regions()
        scene.web.down.clear()
        await scene.own.descriptions.ask_regions()
        assert (await _published(scene))["registration"].issuer == scene.region.did

    within(tmp_path, test)
