"""Covers connector/services/trust/clearing.py, with a stub of a clearing house in the place of a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.descriptions import verifier
from catalog.descriptions.verifier import Verifier, believing
from catalog.rdf import terms
from certs import presentations
from certs.vcdm import write_date
from connector.errors import InputError
from connector.services.trust.clearing import ClearingHouse
from tests.catalog.descriptions.house import World
from tests.catalog.descriptions.test_verifier import _read
from tests.connector.services.trust.described import Scene
from tests.harness.virtual import run

VAT = "BE0762747721"


class Stub:
    """What the services of a house answer; `world` holds their keys, documents and chains."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.world = scene, World()
        self.asked: list[tuple[str, bytes, str]] = []
        self.number, self.status = VAT, 0

    def _dated(self, document: dict[str, Any]) -> dict[str, Any]:
        now = self.scene.nord.clock.now()
        return document | {"validFrom": write_date(now - 1_000_000), "validUntil": write_date(now + 10**12)}

    async def get(self, url: str) -> tuple[int, bytes]:
        self.asked.append((url, b"", ""))
        query = parse_qs(urlsplit(url).query)
        subject = {"id": query["subjectId"][0], "type": "gx:VatID", "gx:vatID": self.number, "gx:countryCode": "BE"}
        made = self._dated(self.world.house.notary.credential("number", subject)) | {"id": query["vcId"][0]}
        return self.status or 200, self.world.house.notary.sign(made).encode()

    async def ask(self, url: str, body: bytes, media_type: str) -> tuple[int, bytes]:
        self.asked.append((url, body, media_type))
        label = {"id": "https://label.example/1#cs", "type": "gx:LabelCredential", "gx:labelLevel": "SC"}
        made = self._dated(self.world.house.labeller.credential("label", label))
        return self.status or 201, self.world.house.labeller.sign(made).encode()

    def house(self, **given: Any) -> ClearingHouse:
        """The service under test, with the settings `given`."""
        world = self.world
        made = Verifier(
            fetch=world.web,
            read=_read,
            believe=lambda chain, now, also: believing([world.pki.root], world.pki.lists(days=4_000))(
                chain, int(world.firm.leaf.not_valid_before_utc.timestamp() + 86_400 * 5) * 1_000_000, also
            ),
            house=verifier.House(),
        )
        own = {
            "notary": "https://notary.example",
            "compliance": "https://compliance.example/",
            "believed": frozenset({world.house.notary.did, world.house.labeller.did}),
        }
        return ClearingHouse(
            clock=self.scene.nord.clock,
            calls=self,
            descriptions=self.scene.own.descriptions,
            make=lambda: made,
            **(own | given),
        )


def within(folder: Path, test: Any) -> None:
    """Run a test on a municipal company with a VAT number, which has published."""

    async def main() -> None:
        scene = await Scene(folder).start()
        try:
            await scene.own.descriptions.say("op", {"register": "vat", "number": VAT})
            await scene.own.descriptions.publish("op")
            await test(scene, Stub(scene))
        finally:
            await scene.close()

    run(main)


async def _issuer(scene: Scene, name: str) -> str:
    every = await scene.own.descriptions.every()
    return next((one.issuer for one in every if one.id.endswith("/" + name)), "")


def test_a_notary_attests_the_number_and_it_stays(tmp_path: Path) -> None:
    async def test(scene: Scene, stub: Stub) -> None:
        await stub.house().number("op")
        url = urlsplit(stub.asked[0][0])
        assert url.path == f"/v2/registration-numbers/vat-id/{VAT}"
        assert parse_qs(url.query) == {
            "vcId": [scene.nord.url + "/descriptions/registration"],
            "subjectId": [scene.nord.url + "/descriptions/registration#subject"],
        }
        assert await _issuer(scene, "registration") == stub.world.house.notary.did
        await scene.own.descriptions.look()
        assert await _issuer(scene, "registration") == stub.world.house.notary.did
        await scene.own.descriptions.say("op", {"number": "DE1"})
        await scene.own.descriptions.look()
        assert await _issuer(scene, "registration") == scene.nord.did

    within(tmp_path, test)


def test_a_label_is_asked_for_with_what_is_published(tmp_path: Path) -> None:
    async def test(scene: Scene, stub: Stub) -> None:
        await stub.house().label("op", "standard-compliance")
        url, body, media_type = stub.asked[0]
        assert url.startswith("https://compliance.example/v2/api/credential-offers/standard-compliance?vcid=")
        assert media_type == "application/vp+jwt"
        assert presentations.read(body.decode(), contexts=terms.KNOWN).holder == scene.nord.did
        await scene.own.descriptions.look()
        assert await _issuer(scene, "label") == stub.world.house.labeller.did

    within(tmp_path, test)


@pytest.mark.parametrize("case", ["refused", "another number", "nobody believed", "forged", "no notary", "register"])
def test_what_does_not_stand_up_is_not_published(tmp_path: Path, case: str) -> None:
    async def test(scene: Scene, stub: Stub) -> None:
        codes = {
            "refused": "clearing.answer",
            "another number": "description.other",
            "nobody believed": "clearing.refused",
            "forged": "clearing.refused",
            "no notary": "clearing.no_notary",
            "register": "clearing.register",
        }
        given: dict[str, Any] = {}
        if case == "refused":
            stub.status = 409
        elif case == "another number":
            stub.number = "BE0000000000"
        elif case == "nobody believed":
            given["believed"] = frozenset[str]()
        elif case == "forged":
            stub.world.house.notary.key = stub.world.firm.key
        elif case == "no notary":
            given["notary"] = ""
        else:
            await scene.own.descriptions.say("op", {"register": "municipality", "number": "14627010"})
        with pytest.raises(InputError) as refused:
            await stub.house(**given).number("op")
        assert refused.value.reason.code == codes[case]
        assert await _issuer(scene, "registration") == scene.nord.did

    within(tmp_path, test)


def test_wrong_levels_are_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    async def test(scene: Scene, stub: Stub) -> None:
        with pytest.raises(InputError, match=r"clearing\.level"):
            await stub.house().label("op", "gold")
        with pytest.raises(InputError, match=r"clearing\.no_compliance"):
            await stub.house(compliance="").label("op", "standard-compliance")
        assert stub.asked == []

    within(tmp_path, test)
