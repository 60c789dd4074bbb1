"""A new node, and that it comes back as the same one."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from connector import config, founding, node
from connector.errors import InputError
from connector.records import SeenDocument
from scripts.lib.ports import free_port
from tests.connector.services.trust.regional import Regional, regional, url


def test_a_new_node_has_its_secrets_to_itself(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    made = founding.initialise(folder, "http://127.0.0.1:9", public_port=9, management_port=10, lab=True)
    assert made.did == "did:web:127.0.0.1%3A9"
    assert len(made.words.split("-")) == 8
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for secret in (folder / "token", *(folder / "keys").iterdir()):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    with pytest.raises(InputError, match=r"node\.exists"):
        founding.initialise(folder, "http://127.0.0.1:9", public_port=9, management_port=10, lab=True)


def test_what_cannot_be_an_address_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.wrong"):
        founding.initialise(tmp_path / "node", "http://data.example.org", public_port=9, management_port=10, lab=False)
    with pytest.raises(InputError, match=r"node\.loopback"):
        founding.initialise(tmp_path / "node", "http://127.0.0.1:9", public_port=9, management_port=10, lab=False)
    assert not (tmp_path / "node").exists()


async def test_a_node_that_would_be_another_one_does_not_start(tmp_path: Path) -> None:
    port, other = free_port(), free_port()
    founding.initialise(tmp_path, f"http://127.0.0.1:{port}", public_port=port, management_port=0, lab=True)
    running = node.build(config.load(tmp_path, {}))
    await running.start()
    kept = await running.store.read(lambda view: view.select(SeenDocument))
    assert [(one.did, b"publicKeyJwk" in one.body) for one in kept] == [(running.did, True)]
    await running.close()
    again = node.build(config.load(tmp_path, {"ALLMENDE_PUBLIC_URL": f"http://127.0.0.1:{other}"}))
    with pytest.raises(InputError, match=r"node\.identity"):
        await again.start()
    await again.close()


# --- a region ---------------------------------------------------------------------------------------------------------

NOW = 1_800_000_000_000_000


def test_a_node_begins_to_keep_a_region_once(tmp_path: Path) -> None:
    founding.initialise(tmp_path, "https://city.example", public_port=9, management_port=10, lab=False)
    before = (tmp_path / "allmende.toml").read_text()
    made = founding.found_region(tmp_path, "Region Größe „Süd“", now=NOW, credentials=None)
    assert made.did == "did:web:city.example"
    assert (len(made.root), len(made.words.split("-"))) == (64, 8)
    assert config.load(tmp_path, {}).region.name == "Region Größe „Süd“"
    after = (tmp_path / "allmende.toml").read_text()
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert changed == ['name = "Region Größe „Süd“"']
    for secret in (tmp_path / "keys" / "region").glob("*.pem"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert founding.found_region(tmp_path, "Region Größe „Süd“", now=NOW, credentials=None) == made
    with pytest.raises(InputError, match=r"region\.exists"):
        founding.found_region(tmp_path, "Another", now=NOW, credentials=None)


def test_stopped_between_keys_and_settings_it_goes_on_with_the_same_keys(tmp_path: Path) -> None:
    founding.initialise(tmp_path, "https://city.example", public_port=9, management_port=10, lab=False)
    settings = (tmp_path / "allmende.toml").read_text()
    made = founding.found_region(tmp_path, "Region Elbland", now=NOW, credentials=None)
    (tmp_path / "allmende.toml").write_text(settings)
    assert founding.found_region(tmp_path, "Region Elbland", now=NOW, credentials=None) == made
    assert config.load(tmp_path, {}).region.name == "Region Elbland"


@pytest.mark.parametrize("name", ["", " Elbland", "a\nb", "x" * 57])
def test_what_is_no_name_of_a_region_makes_no_keys(tmp_path: Path, name: str) -> None:
    founding.initialise(tmp_path, "https://city.example", public_port=9, management_port=10, lab=False)
    with pytest.raises(InputError, match=r"region\.title"):
        founding.found_region(tmp_path, name, now=NOW, credentials=None)
    assert not (tmp_path / "keys" / "region").exists()


def test_peers_that_have_pinned_a_node_go_on_when_it_begins_to_keep_a_region(tmp_path: Path) -> None:
    async def act(here: Regional) -> None:
        city, town = await here.world.node("city"), await here.world.node("town")
        await city.peers.add("admin", url("town"), "town", words=town.document.words())
        await town.peers.add("admin", url("city"), "city", words=city.document.words())
        await here.world.stop("city")
        folder = here.world.folder / "city"
        founding.found_region(folder, "Region Elbland", now=here.world.clock.now(), credentials=None)
        city = await here.world.node("city")
        await city.discovery.catalog(town.did)
        await asyncio.sleep(1_000)
        await town.discovery.catalog(city.did)
        known = await town.peers.get("city")
        assert known.changed is None
        assert known.words == city.document.words()

    regional(tmp_path, act)
