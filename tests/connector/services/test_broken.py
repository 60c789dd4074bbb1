"""Do the addresses of distributions answer?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connector.errors import DeliveryError
from connector.ports import Reply
from connector.sentences import sentence
from connector.services import broken
from connector.services.broken import AT_ONCE, Addresses, Look
from tests.connector.services.seen import Clock

HOUR = 3_600_000_000


class Answer:
    """An answer whose body nobody reads."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        self.status, self.headers, self.closed = status, headers, False

    async def close(self) -> None:
        self.closed = True


class Web:
    """Servers that say what a test tells them to; the last of several answers stays."""

    def __init__(self, said: Mapping[str, Any], robots: Mapping[str, str] | None = None) -> None:
        self.said = {name: list(one) if isinstance(one, list) else [one] for name, one in said.items()}
        self.robots = robots or {}
        self.asked: list[str] = []
        self.answers: list[Answer] = []

    async def send(self, method: str, url: str, **more: Any) -> Reply:
        host = url.removesuffix("/robots.txt")
        return Reply(200, self.robots[host].encode()) if host in self.robots else Reply(404, b"")

    async def open(self, url: str, *, headers: Mapping[str, str], method: str = "GET", **more: Any) -> Answer:
        self.asked.append(f"{method} {url}")
        assert method == "HEAD" or headers == {"Range": "bytes=0-0"}
        answers = self.said.get(f"{method} {url}") or self.said.get(url) or [404]
        said = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(said, Exception):
            raise said
        status, fields = said if isinstance(said, tuple) else (said, {})
        self.answers.append(Answer(status, fields))
        return self.answers[-1]


URL = "https://data.example/a.csv"


async def looked(web: Web, times: int = 1, url: str = URL) -> tuple[Look, Clock]:
    clock = Clock()
    addresses = Addresses(peer=web, clock=clock)  # type: ignore[arg-type]
    found: list[Look] = []
    for _ in range(times):
        await addresses.look([url])
        look = addresses.of(url)
        assert look is not None
        clock.at = look.next
        found.append(look)
    assert all(one.closed for one in web.answers)
    return found[-1], clock


@pytest.mark.parametrize(
    ("said", "good", "code"),
    [
        ({URL: 200}, True, ""),
        ({f"HEAD {URL}": 405, f"GET {URL}": 206}, True, ""),
        ({f"HEAD {URL}": 403, f"GET {URL}": 200}, True, ""),
        ({URL: 401}, None, ""),
        ({URL: 404}, False, "distribution.gone"),
        ({URL: 410}, False, "distribution.gone"),
        ({URL: 502}, None, "distribution.status"),
        ({URL: DeliveryError("peer.timeout")}, None, "peer.timeout"),
        ({URL: DeliveryError("peer.address_refused")}, None, "peer.address_refused"),
        ({URL: (302, {"location": "/b.csv"}), "https://data.example/b.csv": 200}, True, ""),
        (
            {URL: (302, {"location": "https://else.example/b"}), "https://else.example/b": 404},
            False,
            "distribution.gone",
        ),
        ({URL: (301, {"location": URL})}, None, "distribution.loop"),
        ({URL: (302, {})}, True, ""),
    ],
)
async def test_one_look(said: dict[str, Any], good: bool | None, code: str) -> None:
    look, _ = await looked(Web(said))
    assert look.good is good
    assert (look.why.code if look.why else "") == code
    if look.why is not None:
        assert sentence(look.why, "de") != look.why.code


async def test_what_did_not_answer_twice_is_broken_since_the_first_time() -> None:
    web = Web({URL: DeliveryError("peer.timeout")})
    first, _ = await looked(web)
    second, _ = await looked(web, 2)
    assert (first.good, second.good) == (None, False)
    assert second.since == first.at


async def test_what_answers_again_is_good_at_once_and_forgets_its_failures() -> None:
    look, _ = await looked(Web({URL: [500, 500, 500, 500, 200]}), 3)
    assert look.good is True
    assert (look.failures, look.since, look.why) == (0, None, None)


async def test_what_stopped_us_here_never_makes_an_address_broken() -> None:
    look, _ = await looked(Web({URL: DeliveryError("peer.address_refused")}), 4)
    assert look.good is None


async def test_who_asks_to_be_asked_later_is() -> None:
    web = Web({URL: (503, {"retry-after": "7200"})})
    look, _ = await looked(web, 3)
    assert look.good is None
    assert look.next - look.at == 2 * HOUR
    endless, _ = await looked(Web({URL: (429, {"retry-after": "99999999"})}))
    assert endless.next - endless.at == 24 * HOUR


async def test_pauses_grow_up_to_a_day() -> None:
    pauses = []
    web = Web({URL: 404})
    for times in range(1, 8):
        look, _ = await looked(web, times)
        pauses.append((look.next - look.at) // HOUR)
    assert pauses == [1, 2, 4, 8, 16, 24, 24]


async def test_robots_are_heeded() -> None:
    web = Web({URL: 404}, {"https://data.example": "User-agent: *\nDisallow: /a.csv\n"})
    look, _ = await looked(web)
    assert look.good is None
    assert look.why is not None
    assert look.why.code == "distribution.forbidden"
    assert web.asked == []
    named = {"https://data.example": "User-agent: allmende\nAllow: /\n\nUser-agent: *\nDisallow: /\n"}
    assert (await looked(Web({URL: 200}, named)))[0].good is True
    assert (await looked(Web({URL: 200}, {"https://data.example": "\x00" * 70_000})))[0].good is True


async def test_a_round_asks_few_hosts_each_once_and_forgets_what_is_wanted_no_more() -> None:
    clock = Clock()
    urls = [f"https://h{host}.example/{file}" for host in range(6) for file in range(2)]
    web = Web(dict.fromkeys(urls, 200))
    addresses = Addresses(peer=web, clock=clock)  # type: ignore[arg-type]
    assert await addresses.look([*urls, "ftp://x.example/a", "not an address"]) == AT_ONCE
    assert len({one.split("/")[2] for one in web.asked}) == AT_ONCE
    while await addresses.look(urls):
        pass
    assert sorted(web.asked) == sorted(f"HEAD {one}" for one in urls)
    await addresses.look(urls[:1])
    assert addresses.of(urls[1]) is None
    assert addresses.of(urls[0]) is not None


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broken, "MOST", 3)
    urls = [f"https://h{host}.example/" for host in range(9)]
    clock = Clock()
    addresses = Addresses(peer=Web(dict.fromkeys(urls, 200)), clock=clock)  # type: ignore[arg-type]
    assert [await addresses.look(urls) for _ in range(3)] == [3, 0, 0]
    clock.at += 30 * HOUR
    assert await addresses.look(urls) == 3
