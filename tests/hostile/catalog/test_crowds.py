"""Everybody may ask for pages of the public catalogue, and each page takes a processor a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from connector.errors import BusyError
from connector.http import written
from connector.http.exchange import Request, Response
from connector.http.written import Sheet, Written


async def test_only_so_many_wait_for_a_page_and_the_others_are_told_at_once() -> None:
    pages, let_go, writing = Written("1"), asyncio.Event(), 0

    async def write() -> Callable[[], bytes]:
        nonlocal writing
        writing += 1
        assert writing <= 2
        await let_go.wait()
        writing -= 1
        return lambda: b"page"

    def ask(number: int) -> asyncio.Task[Response]:
        request = Request(method="GET", path="/dcat", query="", headers={}, body=b"")
        return asyncio.create_task(pages.answer(request, Sheet(key=str(number), form="text/html"), write))

    asked = [ask(number) for number in range(written.WAITING + 50)]
    for _ in range(3):
        await asyncio.sleep(0)
    refused = [one.exception() for one in asked if one.done()]
    assert len(refused) == 50
    assert all(isinstance(one, BusyError) for one in refused)
    let_go.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, Response) for one in answers) == written.WAITING
    assert (await ask(10_000)).status == 200
