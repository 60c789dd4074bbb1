"""Pages of a node's own catalogue: 500 datasets for one requester, at 10 and at 10,000 offers.

What lives here: a whole node without its listeners, with that many offers, and a table with the same documents that is
read without anything else, as the yardstick. What does not: reading others' catalogues (`crawling`).

A page is asked for as an Eclipse EDC does (`QuerySpec`, limit 500), so that it is never cut short by its bytes. The
caller is let in, its token used up, and the request stands in the audit, on disk, before the page is told. One offer in
ten is addressed to somebody else, one in ten to whoever asks.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from connector.node import Node
from connector.ports import Transaction
from connector.records import Asset, Outside, Portrait, PublishedOffer
from policies import render
from policies.terms import Terms, to_policy
from tests.bench.rows import HOME, Goal, Row, rounds
from tests.connector.http.nodes import PEER, ROOT, a_node, dsp, message

OFFERS: Final = 10_000
FEW: Final = 10
PAGE: Final = 500
READS: Final = 20
"""Pages of one round; the round's figure is their median."""
_CONTROL: Final = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
_ASK: Final = {"@type": "QuerySpec", "offset": 0, "limit": PAGE, "sortOrder": "ASC", "filterExpression": []}

PAGE_500 = Goal("page_500", f"page of {PAGE} of {OFFERS:,} offers, beside a SELECT of the same bytes", "ms", 10.0)
PAGE_MS = Goal("page_500_ms", "the same, by the clock", "ms", 25.0, absolute=True)
STATEMENTS = Goal(
    "page_statements",
    f"SQL statements of a page, admission and audit among them, at {FEW} as at {OFFERS:,} offers",
    "",
    5.0,
    absolute=True,
)


class Shop(Struct, frozen=True):
    """A node with offers, the loop that it lives on, and a folder beside it."""

    node: Node
    runner: asyncio.Runner
    folder: Path

    def page(self) -> Mapping[str, Any]:
        """One page, as a peer reads it."""
        body = message("CatalogRequestMessage", filter=[_ASK])
        answer = self.runner.run(dsp(self.node, "POST", "/catalog/request", body))
        assert answer.status == 200, answer.body
        found: Mapping[str, Any] = msgspec.json.decode(answer.body)
        return found

    def paged(self) -> float:
        """Milliseconds that a page takes: the median of some, without reading it."""
        body = message("CatalogRequestMessage", filter=[_ASK])

        async def timed() -> float:
            begun = time.perf_counter()
            await dsp(self.node, "POST", "/catalog/request", body)
            return (time.perf_counter() - begun) * 1_000

        return statistics.median(self.runner.run(timed()) for _ in range(READS))

    def statements(self) -> int:
        """How many SQL statements a page takes at most, those aside that begin and end its transaction."""
        seen: list[str] = []
        for connection in (self.node.store._connection, self.node.store._reader):  # what is measured
            if isinstance(connection, sqlite3.Connection):
                connection.set_trace_callback(seen.append)
        most = 0
        for _ in range(READS):
            seen.clear()
            self.page()
            most = max(most, sum(not one.startswith(_CONTROL) for one in seen))
        return most


@contextmanager
def shop(offers: int) -> Iterator[Shop]:
    """A node with so many offers."""
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as folder, asyncio.Runner() as runner:
        stack = AsyncExitStack()
        node = runner.run(stack.enter_async_context(a_node(Path(folder))))
        try:
            for start in range(0, offers, PAGE):
                numbers = range(start, min(start + PAGE, offers))
                runner.run(node.store.write(lambda tx, numbers=numbers: _stock(tx, numbers)))  # type: ignore[misc]
            yield Shop(node, runner, Path(folder))
        finally:
            runner.run(stack.aclose())


def _stock(tx: Transaction, numbers: range) -> None:
    for number in numbers:
        id = f"{ROOT}/datasets/zaehlstelle-{number:06d}"
        asset = Asset(
            id=id,
            name=f"zaehlstelle-{number:06d}",
            title=f"Zählstelle {number}",
            kind="file",
            settings={},
            media_type="text/csv",
            created=1_700_000_000_000_000,
            created_by="bench",
            description="Radverkehr an dieser Stelle, gezählt in jeder Viertelstunde, mit Richtung und Wetter. " * 4,
        )
        tx.put(asset)
        tx.put(Portrait(id=id, nodes=_nodes(id), changed=0, changed_by="bench"))
        tx.put(_offer(id, number))


def _nodes(id: str) -> tuple[dict[str, Any], ...]:
    authority = "http://publications.europa.eu/resource/authority"
    root = {
        "@id": id,
        "@type": ["dcat:Dataset"],
        "dcat:keyword": [{"@value": word, "@language": "de"} for word in ("Rad", "Verkehr", "Zählung", "Mobilität")],
        "dcat:theme": [{"@id": f"{authority}/data-theme/TRAN"}],
        "dct:accrualPeriodicity": [{"@id": f"{authority}/frequency/DAILY"}],
        "dct:spatial": [{"@id": "http://dcat-ap.de/def/politicalGeocoding/municipalityKey/14612000"}],
    }
    return (root,)


def _offer(asset: str, number: int) -> PublishedOffer:
    assignee = {0: "did:web:somebody.example", 1: PEER}.get(number % 10)
    id = f"urn:uuid:0190000-0000-7000-8000-{number:012x}"
    terms = Terms(purposes=("PublicBenefit",), until="2099-12-31", assignee=assignee)
    return PublishedOffer(
        id=id,
        asset=asset,
        policy="bench@1",
        outside=Outside.REFUSE,
        document=render.to_dsp(to_policy(id, terms)),
        published=0,
        published_by="bench",
    )


def _bare(shown: Shop) -> Callable[[], float]:
    """A SELECT of as many documents of the same kind from a table that has nothing else."""
    connection = sqlite3.connect(shown.folder / "bare.db", isolation_level=None)
    connection.execute("CREATE TABLE page(id TEXT PRIMARY KEY, body BLOB)")
    listed = shown.runner.run(shown.node.store.read(lambda view: view.listings(PEER).page(limit=OFFERS)))
    rows = ((one.id, one.document) for one in listed.listings)
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO page VALUES(?, ?)", rows)
    connection.execute("COMMIT")
    sql = "SELECT body FROM page WHERE id > ? ORDER BY id LIMIT ?"

    def timed() -> float:
        begun = time.perf_counter()
        b",".join(row[0] for row in connection.execute(sql, ("", PAGE)))
        return (time.perf_counter() - begun) * 1_000

    return lambda: statistics.median(timed() for _ in range(READS))


def page_500(count: int) -> Row:
    """What a page takes, beside a bare query."""
    with shop(OFFERS) as shown:
        assert len(shown.page()["dataset"]) == PAGE
        return rounds(PAGE_500, count, shown.paged, _bare(shown))


def page_ms(count: int) -> Row:
    """The same, by the clock."""
    with shop(OFFERS) as shown:
        return rounds(PAGE_MS, count, shown.paged, _bare(shown))


def page_statements(count: int) -> Row:
    """How many statements a page takes, whatever there is."""
    taken = []
    for offers in (FEW, OFFERS):
        with shop(offers) as shown:
            shown.page()
            taken.append(float(shown.statements()))
    assert taken[0] == taken[1], taken
    return STATEMENTS.judged(taken, taken)


ROWS: Final = {"page_500": page_500, "page_500_ms": page_ms, "page_statements": page_statements}
