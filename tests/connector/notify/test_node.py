"""A whole node tells people by mail and webhook, also over restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from connector import config, founding, node
from connector.node import Node
from connector.records import Right
from connector.services.watch.messenger import Messenger
from scripts.lib.ports import free_port
from tests.connector.notify.test_mail import Box, post_office
from tests.connector.notify.test_webhook import SECRET, Receiver, listening

ROUNDS = 4


class Office:
    """A node whose settings name a mail server and a webhook on this machine."""

    def __init__(self, folder: Path, smtp: int, url: str) -> None:
        self.folder = folder / "node"
        port = free_port()
        founding.initialise(self.folder, f"http://127.0.0.1:{port}", public_port=port, management_port=0, lab=True)
        (folder / "secret").write_text(SECRET)
        path = self.folder / "allmende.toml"
        head, _, tail = path.read_text().partition("[notify]\n")
        path.write_text(
            f"""{head}[notify]
mail_to = ["admin@city.example"]
mail_from = "allmende@city.example"
smtp_host = "localhost"
smtp_port = {smtp}
smtp_security = "none"
webhook_url = "{url}"
webhook_secret_file = "{folder / "secret"}"
webhook_private = true
gather_seconds = 0.01
{tail}"""
        )

    def built(self) -> Node:
        return node.build(config.load(self.folder, {}))


async def happened(made: Node, name: str) -> None:
    await made.operators.add("admin", name, Right.AUDITOR)


async def until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def told(receiver: Receiver) -> list[int]:
    """The audit entries that the webhook was told of, in order, as often as it was."""
    return [index for got in receiver.got for index in range(got["first"], got["last"] + 1)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "TELL_SECONDS", 0.02)


async def test_both_channels_are_told_and_no_name_of_a_person_leaves(tmp_path: Path) -> None:
    box, receiver = Box(), Receiver()
    with post_office(box, None) as smtp:
        async with listening(receiver) as url:
            made = Office(tmp_path, smtp, url).built()
            await made.start()
            try:
                await until(lambda: all(one._kept is not None for one in made.messengers))
                await happened(made, "karin.schmidt")
                await until(lambda: box.mail and receiver.got)
            finally:
                await made.close()
    assert "Rolle auditor" in box.mail[0].get_content()
    assert "karin" not in str(receiver.got) + box.mail[0].as_string()
    assert made.health.report()


async def test_one_channel_that_is_down_does_not_hold_up_the_other_and_is_seen(tmp_path: Path) -> None:
    receiver = Receiver()
    async with listening(receiver) as url:
        made = Office(tmp_path, free_port(), url).built()
        await made.start()
        try:
            await until(lambda: all(one._kept is not None for one in made.messengers))
            await happened(made, "one")
            await until(lambda: receiver.got)
            await until(lambda: dict(made.health.report())["notify"] is not None)
        finally:
            await made.close()
    wrong = dict(made.health.report())["notify"]
    assert wrong is not None
    assert (wrong.code, wrong.params["channel"]) == ("notify.failing", "mail")


async def test_over_restarts_between_delivery_and_cursor_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, box = Receiver(), Box()
    with post_office(box, None) as smtp:
        async with listening(receiver) as url:
            office = Office(tmp_path, smtp, url)
            made = office.built()
            await made.start()
            await until(lambda: all(one._kept is not None for one in made.messengers))
            await made.close()
            expected: list[int] = []
            # From here on each node ends after the delivery: the cursor is never written. Nothing is delivered before
            # what the round is about has happened, since a messenger comes no further than its first delivery.
            kept, work, ready = Messenger._keep, Messenger.work, asyncio.Event()

            async def works(messenger: Messenger) -> None:
                await ready.wait()
                await work(messenger)

            monkeypatch.setattr(Messenger, "_keep", hangs)
            monkeypatch.setattr(Messenger, "work", works)
            made = office.built()
            await made.start()
            for round in range(ROUNDS):
                await happened(made, f"person-{round}")
                expected.append(await made.happenings.end())
                ready.set()
                await until(lambda wanted=expected[-1]: wanted in told(receiver))
                await made.close()
                ready.clear()
                if round == ROUNDS - 1:
                    monkeypatch.setattr(Messenger, "_keep", kept)
                made = office.built()
                await made.start()
            ready.set()
            await until(lambda: len(told(receiver)) > len(set(told(receiver))))
            for one in made.messengers:
                await until(lambda one=one: one._kept == expected[-1])
            await made.close()
    assert set(expected) <= set(told(receiver))
    assert max(event["times"] for got in receiver.got for event in got["events"]) == len(expected)


async def hangs(messenger: Messenger, index: int) -> None:
    """Nothing more happens in this process."""
    await asyncio.Event().wait()
