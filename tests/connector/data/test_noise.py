"""Noise: drawn once, paid before anything is told, never more than the budget; without the extra it is refused."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.data.ledgers import About, Ledgers
from connector.data.noise import laplace
from connector.records import Release
from connector.system import SystemIds
from policies.model import PolicyError
from policies.transforms.ledger import Draw, Fresh, Terms
from tests.connector.data.test_egress import duty, people, told, under
from tests.connector.data.world import SetClock, asset, open_store, started, world

ABOUT = About(("did:web:a",), "urn:data", "/data.csv")


def terms(epsilon: str = "0.5", budget: str = "2") -> Terms:
    return Terms("division", 1, repeats=True, epsilon=epsilon, budget=budget, sensitivities=("1",))


def one(key: str) -> dict[str, Fresh]:
    return {key: Fresh(1, ("10",), print=key)}


def ledgers(store: Any) -> Ledgers:
    return Ledgers(store=store, clock=SetClock(), ids=SystemIds(), secret=lambda: b"s" * 32)


async def spent(store: Any) -> Decimal:
    found = await store.read(lambda view: list(view.select(Release, limit=100)))
    return sum((Decimal(release.spent) for release in found if not release.into), Decimal(0))


async def test_many_at_once_never_spend_more_than_the_budget(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    made = ledgers(store)
    drawn: list[str] = []

    def draw(value: Decimal, sensitivity: Decimal, epsilon: Decimal) -> Decimal:
        drawn.append(str(value))
        return value

    async def ask(n: int) -> bool:
        for _ in range(50):
            try:
                return bool(await made.settle(ABOUT, one(f"k{n}"), terms(), draw))
            except PolicyError as error:
                assert error.reason.code == "release.budget"  # noqa: PT017 - the other answers are awaited too
                return False
            except Exception as error:
                if "release.busy" not in str(error):
                    raise
        raise AssertionError

    answers = await asyncio.gather(*(ask(n) for n in range(12)))
    assert sum(answers) == 4
    assert await spent(store) == 2
    await store.close()


async def test_it_is_spent_on_disk_before_anything_is_told(tmp_path: Path) -> None:
    """A process that dies before the store has it has told nothing; one that dies afterwards has spent."""
    store = open_store(tmp_path)

    class Broken:
        """The store of a process that dies when it writes."""

        read = staticmethod(store.read)

        async def write(self, act: Any) -> Any:
            raise ConnectionError

    draw: Draw = lambda value, *_: value + 1  # noqa: E731
    with pytest.raises(ConnectionError):
        await ledgers(Broken()).settle(ABOUT, one("a"), terms(), draw)
    assert await spent(store) == 0
    answer = await ledgers(store).settle(ABOUT, one("a"), terms(), draw)
    await store.close()
    store = open_store(tmp_path)
    assert await spent(store) == Decimal("0.5")
    again = await ledgers(store).settle(ABOUT, one("a"), terms(), lambda *_: Decimal(99))
    assert again == answer, "told again as it was told, at no cost"
    assert await spent(store) == Decimal("0.5")
    other = About(("did:web:b",), "urn:data", "/data.csv")
    await ledgers(store).settle(other, one("a"), terms(), draw)
    assert await spent(store) == 1, "each consumer has a budget of its own"
    await store.close()


def test_noise_is_whole_for_counts_and_about_right() -> None:
    pytest.importorskip("opendp")
    drawn = [laplace(Decimal(100), Decimal(1), Decimal(1)) for _ in range(400)]
    assert all(one == one.to_integral_value() for one in drawn)
    assert len(set(drawn)) > 3
    assert abs(sum(drawn, Decimal(0)) / len(drawn) - 100) < 1
    assert laplace(Decimal("2.5"), Decimal(50), Decimal(100)) != Decimal("2.5")


def test_a_node_starts_without_the_extra() -> None:
    code = "import sys, connector.node; sys.exit('opendp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_without_the_extra_it_is_refused_in_plain_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opendp", None)
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    from connector.data import noise

    noise._mechanism.cache_clear()
    path = tmp_path / "people.csv"
    path.write_text(people(Nord=5))
    perturb = duty(
        "perturb", {"leftOperand": "epsilon", "operator": "eq",
                    "rightOperand": {"@value": "1", "@type": "xsd:decimal"}},
    )  # fmt: skip
    agreed = under(duty("aggregate", groupBy="Ort"), perturb)
    async with world(tmp_path, agreed, started(), asset("file", path=str(path))) as made:
        status, _, body = await made.get(Accept_Language="de")
        answer = json.loads(body)
        assert (status, answer["code"]) == (403, "transform.noise_missing")
        assert "Rauschen" in answer["sentence"]
        assert await spent(made.store) == 0
        assert (await made.until_event("access.unserved")).params["reason"] == "transform.noise_missing"


async def test_noisy_statistics_leave_once_drawn(tmp_path: Path) -> None:
    pytest.importorskip("opendp")
    path = tmp_path / "people.csv"
    path.write_text(people(Nord=500, Süd=400))
    perturb = duty(
        "perturb", {"leftOperand": "epsilon", "operator": "eq",
                    "rightOperand": {"@value": "1", "@type": "xsd:decimal"}},
    )  # fmt: skip
    agreed = under(duty("aggregate", groupBy="Ort"), perturb)
    async with world(tmp_path, agreed, started(), asset("file", path=str(path))) as made:
        status, body = await told(made)
        assert status == 200
        assert await told(made) == (status, body)
        path.write_text(people(Nord=501, Süd=400))
        assert await told(made) == (status, body), "it is told once"
        assert await spent(made.store) == 1
        path.write_text(people(Nord=501, Süd=400, West=9))
        assert await told(made) == (403, "release.budget")
