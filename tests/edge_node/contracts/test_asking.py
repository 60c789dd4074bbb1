"""Asking the node for orders: what answers mean, and when the next question comes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import cose, jwk
from connector.data.readings.orders import Orders
from edge_node.contracts.asking import Asking
from edge_node.contracts.orders import CONTENT, Book
from edge_node.errors import LinkError
from edge_node.network.link import Answer

NOW = 1_780_000_000_000_000
NODE, DEVICE = "did:web:town.example", "did:web:town.example:edge:cabinet"


class _Kept:
    def __init__(self) -> None:
        self.there: dict[str, bytes | None] = {}

    def get(self, name: str) -> bytes | None:
        return self.there.get(name)

    async def put(self, name: str, value: bytes | None) -> None:
        self.there[name] = value


class _Node:
    """Answers in turn; the last answer comes again and again."""

    def __init__(self, *answers: Answer | LinkError) -> None:
        self.answers, self.asked = list(answers), list[dict[str, Any]]()
        self.key = Ed25519PrivateKey.generate()

    async def post(self, url: str, body: bytes, **more: Any) -> Answer:
        self.asked.append({"url": url, **more, **msgspec.json.decode(body)})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, LinkError):
            raise answer
        return answer

    def orders(self, number: int, key: Ed25519PrivateKey | None = None) -> Answer:
        said = Orders(number=number, node=NODE, device=DEVICE, issued=NOW + number)
        signing = key or self.key
        kid = cose.kid_of(signing.public_key())
        return answer(200, cose.sign(signing, kid, msgspec.json.encode(said), content=CONTENT))


class _Identity:
    device, node = DEVICE, NODE

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.node_keys = {cose.kid_of(key.public_key()): jwk.of(key.public_key())}

    def at(self, path: str) -> str:
        return f"https://town.example{path}"

    def authorization(self, now: int) -> str:
        return f"Bearer {now}"


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(status, headers, body)


class _Asked:
    """Everything around one device that asks."""

    def __init__(self, node: _Node, *, budget: int = 0, renewed: Ed25519PrivateKey | None = None) -> None:
        self.node, self.pauses = node, list[float]()
        self.heard, self.told, self.renewals = 0, list[int](), 0
        self.identity = _Identity(node.key)
        self.book = Book(_Kept(), keys=self.identity.node_keys, node=NODE, device=DEVICE)
        self._renewed = renewed
        self.asking = Asking(
            self.identity,  # type: ignore[arg-type]
            node,  # type: ignore[arg-type]
            self.book,
            now=lambda: NOW,
            told=self.told.append,
            said=self._said,
            heard=self._heard,
            renewed=self._renew,
            budget=budget,
            sleep=self._sleep,
        )

    async def turns(self, count: int) -> None:
        """Ask until it has been waited so often."""
        self._left = count
        with pytest.raises(asyncio.CancelledError):
            await self.asking.run()

    def _said(self) -> Mapping[str, Any]:
        return {"version": "1"}

    async def _heard(self) -> None:
        self.heard += 1

    async def _renew(self) -> Any:
        self.renewals += 1
        return _Identity(self._renewed) if self._renewed else self.identity

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._left -= 1
        if not self._left:
            raise asyncio.CancelledError


async def test_orders_are_kept_and_told_once() -> None:
    node = _Node()
    node.answers = [node.orders(1), answer(204), node.orders(2), LinkError("link.unreachable")]
    one = _Asked(node)
    await one.turns(1)
    assert (one.heard, one.book.current and one.book.current.number) == (2, 2)
    assert [asked["after"] for asked in node.asked] == [0, 1, 1, 2]
    assert node.asked[0]["status"] == {"version": "1"}


async def test_the_first_question_is_answered_at_once_and_later_ones_wait() -> None:
    node = _Node(answer(204), LinkError("link.unreachable"))
    await _Asked(node).turns(1)
    assert node.asked[0]["wait"] == 0
    assert node.asked[1]["deadline"] > node.asked[1]["wait"] > 0


async def test_nobody_there_is_asked_later_and_later_up_to_a_bound() -> None:
    one = _Asked(_Node(LinkError("link.unreachable")))
    await one.turns(12)
    assert one.pauses[:4] == [1, 2, 4, 8]
    assert one.pauses[-1] == max(one.pauses) == 300
    assert one.asking.trouble is not None
    assert one.asking.trouble.code == "link.unreachable"


async def test_who_asks_to_wait_is_waited_for() -> None:
    one = _Asked(_Node(answer(503, **{"retry-after": "120"})))
    await one.turns(1)
    assert one.pauses == [120]


@pytest.mark.parametrize(
    ("status", "code"), [(401, "orders.unknown"), (403, "orders.unwelcome"), (500, "orders.unanswered")]
)
async def test_what_an_answer_means_is_told(status: int, code: str) -> None:
    one = _Asked(_Node(answer(status)))
    await one.turns(1)
    assert one.asking.trouble is not None
    assert one.asking.trouble.code == code


async def test_the_time_of_the_node_is_passed_on() -> None:
    one = _Asked(_Node(answer(401, date="Sat, 21 Nov 2026 12:00:00 GMT")))
    await one.turns(1)
    assert one.told == [1_795_262_400_000_000]


async def test_a_key_that_is_not_known_is_asked_for_once_and_then_believed() -> None:
    node, fresh = _Node(), Ed25519PrivateKey.generate()
    node.answers = [node.orders(1, fresh), LinkError("link.unreachable")]
    one = _Asked(node, renewed=fresh)
    await one.turns(1)
    assert (one.renewals, one.heard) == (1, 1)


async def test_a_stranger_gives_no_orders() -> None:
    node = _Node()
    node.answers = [node.orders(1, Ed25519PrivateKey.generate())]
    one = _Asked(node)
    await one.turns(1)
    assert (one.heard, one.book.current) == (0, None)
    assert one.asking.trouble is not None
    assert one.asking.trouble.code == "orders.seal"


async def test_a_budget_makes_questions_rare() -> None:
    one = _Asked(_Node(answer(204)), budget=1_000_000)
    await one.turns(2)
    assert one.pauses[0] == pytest.approx(1728)
    assert one.node.asked[0]["wait"] == 0
