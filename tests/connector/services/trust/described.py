"""Parties that describe themselves, in a region that attests it: real services, stores, signatures and paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from connector.errors import DeliveryError
from connector.http import descriptions as published
from connector.records import Asset, Outside, PublishedOffer, Region
from connector.services.region.comply import Compliance
from connector.services.trust.descriptions import Descriptions
from connector.services.trust.presenting import Signer
from tests.connector.services.trust.parties import MEMBERSHIP, Party, Town

DAY = 86_400.0


class Web:
    """`Fetch` over the calls of a town; `down` are URLs that are not answered."""

    def __init__(self, town: Town) -> None:
        self.town, self.down, self.more, self.asked = town, set[str](), dict[str, bytes](), list[str]()

    async def fetch(self, url: str, *, private: bool = False, limit: int = 65_536) -> bytes:
        """See `certs.did.Fetch`."""
        self.asked.append(url)
        if url in self.more:
            return self.more[url]
        if url in self.down:
            raise DeliveryError("peer.unreachable")
        reply = await self.town.send("GET", url)
        if reply.status != 200:
            raise DeliveryError("peer.status", status=str(reply.status))
        assert len(reply.body) <= limit
        return reply.body


class Described:
    """A municipality with its descriptions."""

    def __init__(self, party: Party, web: Web) -> None:
        self.party = party
        self.descriptions = Descriptions(
            store=party.store,
            clock=party.clock,
            fetch=web,
            documents=party.town,
            did=party.did,
            url=party.url,
            base=party.url + "/dsp",
            days=90.0,
            signer=lambda: Signer(party.key, f"{party.did}#token"),
        )
        published.publish(party.publications, self.descriptions, party.did)

    async def offered(self, name: str, *, to: str | None = None) -> None:
        """An asset with an offer, for anybody or for somebody."""
        asset = Asset(
            id=f"{self.party.url}/datasets/{name}",
            name=name,
            title=name.title(),
            description="",
            kind="file",
            settings={},
            media_type="text/csv",
            created=self.party.clock.now(),
            created_by="op",
        )
        document: dict[str, Any] = {
            "@id": f"urn:uuid:{name}",
            "@type": "Offer",
            "permission": [{"action": "use"}],
            **({"assignee": to} if to else {}),
        }
        offer = PublishedOffer(
            id=f"urn:uuid:{name}",
            asset=asset.id,
            policy="open@1",
            outside=Outside.REFUSE,
            document=document,
            published=self.party.clock.now(),
            published_by="op",
        )

        def act(tx: Any) -> None:
            tx.put(asset)
            tx.put(offer)

        await self.party.store.write(act)

    async def retired(self, name: str) -> None:
        """No more offer of it."""

        def act(tx: Any) -> None:
            found = tx.get(PublishedOffer, f"urn:uuid:{name}")
            tx.put(msgspec.structs.replace(found, live=False))

        await self.party.store.write(act)


class Scene:
    """A region that attests, and a municipality in it."""

    def __init__(self, folder: Path) -> None:
        self.town = Town()
        self.web = Web(self.town)
        self.region = Party("region", folder / "region", self.town, issues=True)
        self.nord = Party("nord", folder / "nord", self.town)
        self.compliance = Compliance(
            store=self.region.store,
            clock=self.region.clock,
            ids=self.region.ids,
            did=self.region.did,
            fetch=self.web,
            documents=self.town,  # type: ignore[arg-type]
            members=self.region.members,
            revocation=self.region.revocation,
            signer=lambda: Signer(self.region.issuer_key, f"{self.region.did}#issuer"),
            days=90.0,
        )
        published.publish_attested(self.region.publications, self.compliance)
        self.own = Described(self.nord, self.web)

    async def start(self) -> Scene:
        for party in self.town.parties.values():
            await party.start()
        return self

    async def close(self) -> None:
        for party in self.town.parties.values():
            await party.close()

    async def join(self, key: str = "14627010") -> None:
        """Nord becomes a member and says so."""
        import asyncio

        code = (await self.region.members.invite("op", "nord", title="Gemeinde Nord", key=key)).code
        await self.nord.wallet.request(self.region.did, [MEMBERSHIP], code)
        await asyncio.sleep(1)
        region = Region(
            id=self.region.did,
            name="region",
            title="Region",
            url=self.region.url,
            words="",
            added=0,
            added_by="op",
            own=True,
        )
        await self.nord.store.write(lambda tx: tx.put(region))
