"""Asking a peer what it offers: paging, links that lead elsewhere, answers that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import DeliveryError, InputError
from connector.ports import Reply
from connector.protocol.messages import CatalogRequestMessage
from connector.services.discovery import Discovery
from policies.terms import Terms
from tests.connector.services.world import Neighbour, Token, neighbours
from tests.harness.virtual import run


async def discovery(utility: Neighbour, city: Neighbour, answer: Reply | None = None, link: str = "") -> Discovery:
    class Wire:
        async def send(self, method: str, url: str, **_: object) -> Reply:
            if answer is not None:
                return answer
            if method == "GET":
                return Reply(200, await city.catalog.dataset(utility.caller(), "http://city/datasets/one"))
            after = url.partition("?after=")[2]
            page = await city.catalog.catalog(utility.caller(), CatalogRequestMessage(), after, limit=1)
            headers = {"link": link or f'<?after={page.next}>; rel="next"'} if page.next else {}
            return Reply(200, page.body, headers)

    return Discovery(store=utility.store, peer=Wire(), identity=Token())  # type: ignore[arg-type]


def test_pages_are_followed_and_nothing_leads_to_another_host(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        for name in ("one", "two"):
            await city.publish(Terms(count=1), name=name)
        asking = await discovery(utility, city)
        first = await asking.catalog(city.did)
        assert [one.id for one in first.catalog.dataset or ()] == ["http://city/datasets/one"]
        assert first.next is not None
        second = await asking.catalog(city.did, first.next)
        assert [one.id for one in second.catalog.dataset or ()] == ["http://city/datasets/two"]
        assert (await asking.dataset(city.did, "http://city/datasets/one")).id == "http://city/datasets/one"
        with pytest.raises(InputError, match=r"catalog\.link"):
            await asking.catalog(city.did, "https://elsewhere.example/steal")
        with pytest.raises(InputError, match=r"peer\.unknown"):
            await asking.catalog("did:web:nobody")

    run(story)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Reply(401, b""), "peer.refused"),
        (Reply(200, b"<html>"), "peer.answer_unclear"),
        (Reply(200, b'{"@type":"Catalog"}'), "peer.answer_unclear"),
    ],
)
def test_what_is_no_catalogue_is_said(tmp_path: Path, answer: Reply, code: str) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        asking = await discovery(utility, city, answer)
        with pytest.raises(DeliveryError) as wrong:
            await asking.catalog(city.did)
        assert wrong.value.reason.code == code

    run(story)


def test_a_dataset_that_is_not_shown(tmp_path: Path) -> None:
    async def story() -> None:
        city, utility = await neighbours(tmp_path)
        asking = await discovery(utility, city, Reply(404, b"{}"))
        with pytest.raises(InputError, match=r"dataset\.unknown"):
            await asking.dataset(city.did, "http://city/datasets/none")

    run(story)
