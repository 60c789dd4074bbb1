"""Silos at the management API: kept, changed, looked at, shared, and never with a secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connector.chores import Chores
from connector.http.client import HttpPeer
from connector.http.exchange import Response
from connector.node import Node
from connector.protocol.messages import JsonObject
from connector.records import Asset
from policies.model import Reason
from tests.connector.data.sources.test_httpjson import CHOSEN, ROWS, SETTINGS, Service
from tests.connector.data.test_egress import duty, least
from tests.connector.http.nodes import a_node, events, manage, told

SECRET = "hunter2-very-secret"


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    runner = await made.start()
    yield made
    await runner.cleanup()


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    peer = HttpPeer(inner=True)
    async with a_node(tmp_path, peer=peer) as made:
        yield made
        await made.silos.close()
    await peer.close()


def settings(service: Service, **more: str) -> dict[str, str]:
    return {"url": f"http://127.0.0.1:{service.port}/api", **SETTINGS, **more}


async def added(node: Node, service: Service, **more: str) -> JsonObject:
    body = {"name": "sensors", "kind": "http", "settings": settings(service, **more)}
    answer = await manage(node, "POST", "/v1/sources", body)
    assert answer.status == 201, answer.body
    return told(answer)


async def shared(node: Node, **more: Any) -> Response:
    body = {"name": "readings", "collection": "", "fields": list(CHOSEN), **more}
    return await manage(node, "POST", "/v1/sources/sensors/assets", body)


def code(answer: Response) -> str:
    return str(told(answer)["code"])


async def test_kinds_say_what_they_need_in_both_languages(node: Node) -> None:
    german = told(await manage(node, "GET", "/v1/source-kinds", accept_language="de"))["items"]
    english = told(await manage(node, "GET", "/v1/source-kinds"))["items"]
    assert {one["kind"] for one in english} >= {"http", "files", "postgres", "mqtt"}
    mine = next(one for one in english if one["kind"] == "http")
    assert mine["missing"] == []
    url = next(one for one in mine["settings"] if one["name"] == "url")
    assert url["needed"]
    assert {one["name"] for one in mine["settings"]} > {"at_once", "password_file"}
    assert next(one for one in german if one["kind"] == "http")["settings"] != mine["settings"]


async def test_a_silo_is_kept_shown_changed_and_removed(node: Node, service: Service) -> None:
    one = await added(node, service)
    assert one["kind"] == "http"
    assert one["assets"] == []
    assert one["reason"] is None
    listed = told(await manage(node, "GET", "/v1/sources"))["items"]
    assert [each["name"] for each in listed] == ["sensors"]
    change = {"settings": {"at_once": "2"}, "without": ["parameters"]}
    changed = told(await manage(node, "POST", "/v1/sources/sensors/change", change))
    assert changed["settings"]["at_once"] == "2"
    assert "parameters" not in changed["settings"]
    assert (await manage(node, "DELETE", "/v1/sources/sensors")).status == 204
    assert code(await manage(node, "GET", "/v1/sources/sensors")) == "silo.unknown"
    assert [event for event, _ in await events(node) if event.startswith("silo.")] == [
        "silo.added",
        "silo.changed",
        "silo.removed",
    ]


async def test_a_name_is_taken_once(node: Node, service: Service) -> None:
    await added(node, service)
    body = {"name": "sensors", "kind": "http", "settings": settings(service)}
    assert code(await manage(node, "POST", "/v1/sources", body)) == "silo.exists"


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("http", {"password": SECRET}),
        ("http", {"url": f"http://u:{SECRET}@x/"}),
        ("http", {"url": f"https://x/?token={SECRET}"}),
        ("http", {"nonsense": SECRET}),
        ("no-such-kind", {}),
        ("live", {}),
        ("file", {}),
    ],
)
async def test_settings_that_cannot_be_are_refused_and_no_secret_is_repeated(
    node: Node, service: Service, kind: str, more: dict[str, str]
) -> None:
    body = {"name": "sensors", "kind": kind, "settings": settings(service, **more)}
    answer = await manage(node, "POST", "/v1/sources", body)
    assert code(answer) == "silo.settings"
    assert SECRET not in answer.body.decode()
    assert told(await manage(node, "GET", "/v1/sources"))["items"] == []
    await added(node, service)
    changed = await manage(node, "POST", "/v1/sources/sensors/change", {"settings": {"password": SECRET}})
    assert code(changed) == "silo.settings"
    assert SECRET not in repr(await node.audit.log(limit=1000))


async def test_what_is_in_a_silo_is_seen_and_that_it_was_looked_at_is_kept(node: Node, service: Service) -> None:
    await added(node, service)
    found = told(await manage(node, "POST", "/v1/sources/sensors/check", {}))
    assert found["collections"] == [""]
    [seen] = found["seen"]
    assert [one["name"] for one in seen["fields"]] == [*CHOSEN, "internal_note"]
    assert len(seen["sample"]["rows"]) == 3
    assert seen["sample"]["rows"][1][:2] == ["1", "2026-05-02T10:00:00Z"]
    assert seen["parts"]["text"] == "narrowed"
    assert seen["parts"]["number"] == seen["parts"]["limit"] == seen["parts"]["bbox"] == "node"
    assert [one["code"] for one in seen["lacks"]] == ["shape.snapshot"]
    assert ("silo.looked", "admin") in await events(node)


async def test_a_silo_that_is_away_is_told_with_its_mend(node: Node, service: Service) -> None:
    await added(node, service, url="http://127.0.0.1:1/")
    [seen] = told(await manage(node, "POST", "/v1/sources/sensors/check", {}))["seen"]
    assert seen["reason"]["code"] == "source.unreachable"
    shown = told(await manage(node, "GET", "/v1/sources/sensors", accept_language="de"))
    assert shown["reason"]["sentence"] == "Das Quellsystem antwortet nicht."
    assert node.sources.trouble() == Reason(
        "silo.failing", {"silo": "sensors", "cause": "source.unreachable", "silos": "1"}
    )


async def test_a_secret_that_cannot_be_read_is_told_before_a_peer_asks(
    node: Node, service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(SECRET)
    file.chmod(0o600)
    await added(node, service, token_file=str(file))
    chores = Chores(
        store=node.store, clock=node.clock, sources=node.sources, silos=node.silos, heads=node.heads, threaded=True
    )
    await chores.look_at_silos()
    assert node.sources.trouble() is None
    file.chmod(0o644)
    await chores.look_at_silos()
    trouble = node.sources.trouble()
    assert trouble is not None
    assert trouble.params["cause"] == "source.secret"
    shown = told(await manage(node, "GET", "/v1/sources/sensors"))
    assert shown["reason"]["code"] == "source.secret"
    assert SECRET not in str(shown)
    file.chmod(0o600)
    await chores.look_at_silos()
    assert node.sources.trouble() is None


async def test_what_is_shared_is_frozen(node: Node, service: Service) -> None:
    await added(node, service)
    answer = await shared(node, where="district = 'Nord'", title="Readings")
    assert answer.status == 201
    one = told(answer)
    assert one["kind"] == "http"
    assert one["media_type"] == "application/x-ndjson"
    assert one["settings"]["fields"] == list(CHOSEN)
    assert one["settings"]["where"] == "district = 'Nord'"
    assert [field["name"] for field in one["settings"]["shape"]["fields"]] == list(CHOSEN)
    service.rows = [{**row, "added_later": "x"} for row in service.rows]
    rows = told(await manage(node, "GET", "/v1/assets/readings/rows?limit=50"))
    assert rows["fields"] == list(CHOSEN)
    assert len(rows["rows"]) == ROWS // 2
    assert {row[3] for row in rows["rows"]} == {"Nord"}


async def test_without_fields_all_are_frozen_as_they_are_now(node: Node, service: Service) -> None:
    await added(node, service)
    one = told(await shared(node, fields=[]))
    assert one["settings"]["fields"] == [*CHOSEN, "internal_note"]
    service.rows = [{key: value for key, value in row.items() if key != "internal_note"} for row in service.rows]
    preview = await manage(node, "GET", "/v1/assets/readings/rows")
    assert preview.status in (200, 503)
    node.silos.forget("sensors")
    assert code(await manage(node, "GET", "/v1/assets/readings/rows")) == "source.drift"


@pytest.mark.parametrize(
    ("more", "expected", "said"),
    [
        ({"fields": ["ident", "no_such"]}, "asset.fields", "no_such"),
        ({"where": "no_such = 1"}, "query.field", "no_such"),
        ({"where": "internal_note = 'x'"}, "asset.where", "--select"),
        ({"where": "district ="}, "query.", "--where"),
        ({"collection": "elsewhere"}, "source.whole", ""),
    ],
)
async def test_what_cannot_be_shared_is_told_with_its_place(
    node: Node, service: Service, more: dict[str, Any], expected: str, said: str
) -> None:
    await added(node, service)
    answer = await shared(node, **more)
    assert code(answer).startswith(expected)
    assert said in answer.body.decode()
    assert told(await manage(node, "GET", "/v1/assets"))["items"] == []


async def test_a_silo_that_is_used_stays(node: Node, service: Service) -> None:
    await added(node, service)
    await shared(node)
    assert told(await manage(node, "GET", "/v1/sources/sensors"))["assets"] == ["readings"]
    assert code(await manage(node, "DELETE", "/v1/sources/sensors")) == "silo.used"
    assert (await manage(node, "DELETE", "/v1/assets/readings")).status == 204
    assert (await manage(node, "DELETE", "/v1/sources/sensors")).status == 204


async def test_assets_go_on_with_changed_settings(node: Node, service: Service) -> None:
    await added(node, service)
    await shared(node)
    other = Service()
    runner = await other.start()
    try:
        change = {"settings": {"url": f"http://127.0.0.1:{other.port}/api"}}
        assert (await manage(node, "POST", "/v1/sources/sensors/change", change)).status == 200
        service.asked.clear()
        assert (await manage(node, "GET", "/v1/assets/readings/rows")).status == 200
        assert other.asked
        assert not service.asked
    finally:
        await runner.cleanup()


async def test_an_asset_of_a_silo_that_is_not_there_is_not_kept(node: Node) -> None:
    body = {"name": "x", "kind": "http", "settings": {"silo": "nowhere", "fields": ["a"]}}
    assert code(await manage(node, "POST", "/v1/assets", body)) == "silo.unknown"
    body["settings"] = {"silo": "nowhere"}
    assert code(await manage(node, "POST", "/v1/assets", body)) == "asset.settings"


async def test_an_asset_of_another_kind_has_no_rows_to_show(node: Node) -> None:
    assert (await manage(node, "POST", "/v1/assets", {"name": "machine", "kind": "live"})).status == 201
    assert code(await manage(node, "GET", "/v1/assets/machine/rows")) == "asset.rows"
    assert await node.store.read(lambda view: view.count(Asset)) == 1


async def offered(node: Node, name: str, *duties: Mapping[str, Any]) -> Response:
    """The asset published under terms with these duties."""
    rule = {"action": "use", "duty": list(duties)}
    document = {"@id": "urn:x", "@type": "Offer", "profile": "urn:allmende:profile:municipal:1", "permission": [rule]}
    answer = await manage(node, "POST", "/v1/policies", {"name": name, "document": document})
    assert answer.status == 201, answer.body
    return await manage(node, "POST", "/v1/offers", {"asset": "readings", "policy": name})


async def test_terms_that_name_fields_which_an_asset_has_not_are_refused_and_say_which(
    node: Node, service: Service
) -> None:
    await added(node, service)
    await shared(node)
    for name in ("district", "/district", "/where/coordinates"):
        answer = await offered(node, f"fits-{len(name)}", duty("suppress", field=name))
        assert answer.status == 201, answer.body
    hidden = await offered(node, "hidden", duty("suppress", field="internal_note"), duty("suppress", field="ident"))
    assert code(hidden) == "offer.fields"
    assert told(hidden)["params"]["fields"] == "internal_note"
    wrong = await offered(node, "wrong", duty("coarsen", timeField="when", temporalResolution="PT1H"))
    assert told(wrong)["params"]["fields"] == "when"


async def test_terms_that_count_rows_before_they_leave_need_the_same_rows_twice(node: Node, service: Service) -> None:
    await added(node, service)
    await shared(node)
    counted = await offered(node, "counted", least(5, groupField="district"))
    assert code(counted) == "offer.snapshot"
    told_of = await offered(node, "told-of", duty("aggregate", groupBy="district"), least(5))
    assert told_of.status == 201, told_of.body


async def test_a_database_by_its_url_is_kept_as_the_kind_that_it_is(node: Node, tmp_path: Path) -> None:
    body = {"name": "air", "kind": "sql", "settings": {"url": f"sqlite://{tmp_path}/air.db", "zone": "UTC"}}
    kept = told(await manage(node, "POST", "/v1/sources", body))
    assert (kept["kind"], kept["settings"]) == ("sqlite", {"path": f"{tmp_path}/air.db", "zone": "UTC"})
    assert (await manage(node, "GET", "/v1/sources/air")).status == 200
    kinds = told(await manage(node, "GET", "/v1/source-kinds"))["items"]
    (sql,) = [one for one in kinds if one["kind"] == "sql"]
    assert [one["name"] for one in sql["settings"]] == ["url"]
    hushed = {"name": "b", "kind": "sql", "settings": {"url": "postgresql://u:hush@db/air"}}
    answer = await manage(node, "POST", "/v1/sources", hushed)
    assert code(answer) == "silo.settings"
    assert b"hush" not in answer.body
