"""Regions, joining, trust and credentials over the management API: who may do what, and the whole way once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from connector.http.exchange import Request
from connector.node import Node
from connector.records import Right
from tests.connector.services.trust.regional import Regional, regional, url


class Desk:
    """Somebody at a node's management API."""

    def __init__(self, node: Node, token: str) -> None:
        self.node, self.token = node, token

    async def asks(self, method: str, path: str, body: Any = None, query: str = "") -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        sent = b"" if body is None else msgspec.json.encode(body)
        answer = await self.node.management.handle(Request(method, f"/v1{path}", query, headers, sent))
        return answer.status, msgspec.json.decode(answer.body) if answer.body else None

    async def gets(self, path: str, query: str = "") -> Any:
        status, found = await self.asks("GET", path, query=query)
        assert status == 200, found
        return found

    async def posts(self, path: str, body: Any) -> Any:
        status, found = await self.asks("POST", path, body)
        assert status in (200, 201, 202), found
        return found


async def desk(node: Node, role: Right = Right.ADMIN) -> Desk:
    _, token = await node.operators.add("test", f"who-{role}", role)
    return Desk(node, token)


def test_the_whole_way_from_an_invitation_to_an_explanation(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region, town = await here.region("region", "Region Elbland"), await here.world.node("town")
        keeper, joiner = await desk(region), await desk(town)
        made = await keeper.posts("/region/invites", {"title": "Gemeinde Nord", "key": "14612000"})
        assert (made["place"]["state"], made["url"]) == ("open", url("region"))
        assert made["code"] not in str(await keeper.gets("/region/invites"))
        for _ in range(8):
            done = await joiner.posts("/regions/join", {"url": url("region"), "code": made["code"]})
            if done["joined"]:
                break
        assert done["title"] == "Region Elbland"
        assert all(step["done"] and step["sentence"] for step in done["steps"])

        (place,) = (await keeper.gets("/region/invites"))["items"]
        assert (place["state"], place["did"]) == ("done", town.did)
        (member,) = (await keeper.gets("/region/members"))["items"]
        assert (member["id"], member["title"]) == (town.did, "Gemeinde Nord")
        assert (await keeper.gets("/region"))["members"] == 1
        assert (await joiner.gets("/regions/region-elbland"))["own"] is True
        (named,) = (await joiner.gets("/regions/region-elbland/members"))["items"]
        assert named["did"] == town.did
        held = (await joiner.gets("/credentials"))["items"]
        assert {one["state"] for one in held} == {"good"}
        shown = await joiner.gets(f"/credentials/{held[0]['id'][-8:]}")
        assert shown["claims"]["municipalityKey"] == "14612000"
        assert {one["kind"] for one in (await joiner.gets("/issuers/region-elbland/offers"))["items"]} >= {
            "MembershipCredential"
        }
        assert (await joiner.gets("/credential-requests"))["items"][0]["state"] == "issued"
        told = await joiner.gets(f"/trust/{region.did.replace(':', '%3A')}")
        assert (told["trusted"], told["how"]) == (False, "stranger")

        issued = (await keeper.gets("/region/credentials"))["items"]
        gone = await keeper.posts(f"/region/credentials/{issued[0]['id'][-8:]}/revoke", {"reason": "test"})
        assert gone["state"] == "revoked"
        for move, state in (("suspend", "suspended"), ("restore", "active"), ("stolen", "stolen")):
            moved = await keeper.posts(f"/region/members/gemeinde-nord/{move}", {})
            assert moved["state"] == state

    regional(tmp_path, act)


def test_a_node_without_a_region_says_how_to_get_one(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        admin = await desk(await here.world.node("town"))
        for method, path, body in (
            ("GET", "/region", None),
            ("GET", "/region/members", None),
            ("POST", "/region/invites", {"title": "X"}),
            ("POST", "/region/vouches", {"region": url("x")}),
            ("GET", "/region/credentials", None),
        ):
            status, found = await admin.asks(method, path, body)
            assert (status, found["code"]) == (400, "region.not_kept")
            assert "region init" in found["sentence"]

    regional(tmp_path, act)


def test_only_an_admin_decides_who_belongs_and_who_is_believed(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        steward = await desk(region, Right.STEWARD)
        for method, path, body in (
            ("POST", "/region/invites", {"title": "X"}),
            ("DELETE", "/region/invites/x", None),
            ("POST", "/region/members/x/suspend", {}),
            ("POST", "/region/vouches", {"region": url("x")}),
            ("POST", "/regions", {"region": url("x")}),
            ("DELETE", "/regions/x", None),
            ("POST", "/regions/join", {"url": url("x"), "code": "x"}),
            ("POST", "/credential-requests", {"issuer": "x"}),
            ("POST", "/region/credentials/x/revoke", {}),
        ):
            status, found = await steward.asks(method, path, body)
            assert (status, found["code"]) == (403, "role.missing"), path
        auditor = await desk(region, Right.AUDITOR)
        for path in ("/region", "/region/members", "/regions", "/credentials", "/region/vouches"):
            await auditor.gets(path)

    regional(tmp_path, act)


def test_what_is_unknown_is_said_with_what_helps(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        admin = await desk(await here.region("region", "Region Elbland"))
        for method, path, body, code in (
            ("GET", "/regions/nowhere", None, "region.unknown"),
            ("POST", "/region/members/nobody/suspend", {}, "member.unknown"),
            ("DELETE", "/region/invites/nothing", None, "invite.none"),
            ("POST", "/region/invites", {"title": "X", "key": "12"}, "invite.key"),
            ("GET", "/trust/nobody", None, "trust.party"),
            ("POST", "/credential-requests", {"issuer": "nowhere"}, "region.unknown"),
            ("GET", "/credentials/12345678", None, "credential.unknown"),
        ):
            status, found = await admin.asks(method, path, body)
            assert (status in (400, 404), found["code"]) == (True, code)
            assert found["sentence"]

    regional(tmp_path, act)


def test_a_regions_authorities_are_made_anew_while_the_roots_key_is_here(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        region = await here.region("region", "Region Elbland")
        admin, before = await desk(region), (await (await desk(region, Right.AUDITOR)).gets("/region"))
        for what in ("nodes", "devices", "list"):
            assert (await admin.posts("/region/renew", {"what": what}))["root"] == before["root"]
        (region.config.directory / "keys" / "region" / "root.pem").unlink()
        status, found = await admin.asks("POST", "/region/renew", {"what": "root"})
        assert (status, found["code"]) == (400, "region.root_away")

    regional(tmp_path, act)
