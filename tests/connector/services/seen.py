"""What was seen of others' catalogues, for tests that search: an index on disk with a few datasets of three nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from catalog.index.engine import Index
from catalog.index.forms import Standing, Terms
from connector.records import Participant
from connector.services.search import Search
from connector.store.sqlite import SqliteStore
from policies import canonical, parse
from tests.catalog.index.entries import CITY, DAY, NOW, UTILITY, entry, fill

XSD = "http://www.w3.org/2001/XMLSchema#"
ME = "did:web:dresden.example"


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / 1_000_000

    async def sleep(self, seconds: float) -> None:
        self.at += round(seconds * 1_000_000)


def terms(offer: str = "urn:offer:1", *constraints: dict[str, Any], **more: Any) -> Terms:
    """An offer as it is seen."""
    permission: dict[str, Any] = {"action": "use"}
    if constraints:
        permission["constraint"] = list(constraints)
    document = {"@id": offer, "@type": "Offer", "permission": [permission], **more}
    try:
        digest = canonical.digest(parse.from_dsp(document))
    except Exception:
        digest = f"raw:{hash(str(document))}"
    return Terms(offer, digest, msgspec.json.encode(document))


def constraint(left: str, operator: str, right: Any) -> dict[str, Any]:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


FREE = terms()
RESEARCH = terms("urn:offer:2", constraint("purpose", "isA", {"@id": "https://w3id.org/dpv#ResearchAndDevelopment"}))
OVER = terms("urn:offer:3", constraint("dateTime", "lteq", {"@value": "2020-01-01", "@type": XSD + "date"}))
FOREIGN = terms("urn:offer:4", constraint("urn:foreign:operand", "eq", "x"))
THEIRS = terms("urn:offer:5", assignee="did:web:leipzig.example")


def peer(id: str, name: str) -> Participant:
    """A peer of ours."""
    return Participant(
        id=id, name=name, url="https://x.example", base="https://x.example/dsp", keys={}, words="", added=0, added_by=""
    )


class Seen:
    """A node's view of others, to be searched."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        folder.mkdir(parents=True, exist_ok=True)
        self.store = SqliteStore.open(
            folder / "state.db",
            clock=self.clock,
            sign_head=lambda size, root, at: "head",
            threaded=False,
        )
        self.index = Index.open(folder / "catalog.db")
        self.search = Search(store=self.store, clock=self.clock, index=self.index, did=ME, place="14612000")
        fill(
            self.index,
            entry("Ladesäulen in der Stadt", themes=("TRAN",), terms=(FREE,), frequency="DAILY", modified=NOW - DAY),
            entry("Ladepunkte der Stadtwerke", UTILITY, themes=("ENER",), terms=(RESEARCH, THEIRS)),
            entry("Ladesäulen von früher", UTILITY, terms=(OVER,), frequency="DAILY", modified=NOW - 9 * DAY),
            entry("Ladesäulen, rätselhaft", UTILITY, terms=(FOREIGN,)),
            entry("Ladesäulen für Leipzig", UTILITY, terms=(THEIRS,)),
            entry("Ladesäulen ohne Angebot", UTILITY, terms=()),
        )
        self.stand(CITY, changed=NOW)
        self.stand(UTILITY, changed=NOW, failures=2, seen=NOW - DAY)

    def stand(self, participant: str, **said: Any) -> None:
        """How crawling a participant stands."""
        with self.index.crawl(participant) as crawl:
            crawl.standing(Standing(participant=participant, **{"seen": NOW, **said}))

    async def know(self) -> None:
        """Know the utility by a name."""
        await self.store.write(lambda tx: tx.put(peer(UTILITY, "stadtwerke")))

    async def close(self) -> None:
        await self.store.close()
        self.index.close()
