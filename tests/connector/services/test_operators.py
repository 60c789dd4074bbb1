"""Operators: credentials are shown once and kept as hashes; the last admin stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from connector.errors import InputError
from connector.records import Operator, Right
from connector.services.operators import Operators, hashed, includes
from connector.store.sqlite import SqliteStore
from tests.harness.virtual import SeededIds, VirtualClock


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore.open(
        tmp_path / "state.db", clock=VirtualClock(), sign_head=lambda size, root, at: "note", threaded=False
    )
    yield opened
    await opened.close()


@pytest.fixture
def operators(store: SqliteStore) -> Operators:
    return Operators(store=store, clock=VirtualClock(), ids=SeededIds("operators"))


async def logged(store: SqliteStore) -> list[tuple[str, str]]:
    entries = await store.read(lambda view: view.log(limit=100))
    read = [msgspec.json.decode(one.body) for one in entries]
    return [(one["event"], one["actor"]) for one in read]


def test_each_role_includes_those_below() -> None:
    order = [Right.AUDITOR, Right.APPROVER, Right.STEWARD, Right.ADMIN]
    for at, role in enumerate(order):
        assert [includes(role, needed) for needed in order] == [index <= at for index in range(4)]


async def test_a_credential_finds_its_operator_and_is_not_kept(operators: Operators, store: SqliteStore) -> None:
    added, token = await operators.add("admin", "maria", Right.STEWARD)
    assert added == await operators.authenticate(token)
    assert added.token_hash == hashed(token) != token
    assert await operators.authenticate(token + "x") is None
    assert await operators.authenticate("") is None
    assert await operators.authenticate(added.token_hash) is None
    kept = await store.read(lambda view: view.get(Operator, "maria"))
    assert token not in str(kept)
    assert await logged(store) == [("operator.added", "admin")]


async def test_two_credentials_differ(operators: Operators) -> None:
    _, one = await operators.add("admin", "maria", Right.STEWARD)
    _, two = await operators.add("admin", "jan", Right.STEWARD)
    assert one != two


async def test_a_name_is_taken_once(operators: Operators) -> None:
    _, token = await operators.add("admin", "maria", Right.AUDITOR)
    with pytest.raises(InputError) as caught:
        await operators.add("admin", "maria", Right.ADMIN)
    assert caught.value.reason.code == "account.exists"
    found = await operators.authenticate(token)
    assert found is not None
    assert found.role is Right.AUDITOR


async def test_the_first_operator_is_made_once(operators: Operators, store: SqliteStore) -> None:
    first = await operators.found("admin", "first-token")
    assert first is not None
    assert first.role is Right.ADMIN
    assert await operators.found("admin", "another-token") is None
    assert await operators.authenticate("another-token") is None
    assert await logged(store) == [("operator.added", "node")]


async def test_removing_takes_the_credential_away(operators: Operators, store: SqliteStore) -> None:
    await operators.found("admin", "first-token")
    _, token = await operators.add("admin", "maria", Right.ADMIN)
    await operators.remove("maria", "admin")
    assert await operators.authenticate("first-token") is None
    assert await operators.authenticate(token) is not None
    assert (await logged(store))[-1] == ("operator.removed", "maria")


async def test_the_last_admin_stays_and_strangers_are_unknown(operators: Operators) -> None:
    await operators.found("admin", "first-token")
    await operators.add("admin", "maria", Right.STEWARD)
    for name, code in (("admin", "account.last_admin"), ("nobody", "account.unknown")):
        with pytest.raises(InputError) as caught:
            await operators.remove("admin", name)
        assert caught.value.reason.code == code
    assert [one.id for one in await operators.list()] == ["admin", "maria"]
