"""R: status lists. A credential whose revocation cannot be looked up, or only on odd lists, counts for nothing.

Each case is one honest member of the region; the region's list, or the place on it, has one thing changed.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from tests.hostile.trust import forge
from tests.hostile.trust.forge import Json
from tests.hostile.trust.internet import Served
from tests.hostile.trust.judging import Case, refused
from tests.hostile.trust.world import DAY, Holder, Issuer, Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def world(shared: Scene) -> Scene:
    """One node for all of these, and parties whom it has never met for each."""
    await shared.renew()
    return shared


PROFILES = ("vc20", "vc11")
Change = Callable[[Scene, Holder, str], None]


def listed(**changed: Any) -> Change:
    """The list with something changed, well signed by the region where `key` is not given."""

    def change(world: Scene, who: Holder, profile: str) -> None:
        path = f"/status/{profile}/revocation"
        world.region.serves[path] = Issuer.served_list(world.region.listed(profile, **changed))

    return change


def served(make: Callable[[Scene, str], Served]) -> Change:
    """Another answer where the list should be."""

    def change(world: Scene, who: Holder, profile: str) -> None:
        world.region.serves[f"/status/{profile}/revocation"] = make(world, profile)

    return change


def entries(make: Callable[[Scene, str], list[Json]]) -> Change:
    """Other entries in the credential."""

    def change(world: Scene, who: Holder, profile: str) -> None:
        who.credentials = [world.region.member(who.did, profile, entries=make(world, profile))]

    return change


def index(value: object) -> Change:
    """Another place, written like this."""
    return entries(
        lambda world, profile: [forge.with_(world.region.entry(profile, 7), statusListIndex=value, id="urn:x:entry")]
    )


def entry(**changed: Any) -> Change:
    """An entry with something changed."""
    return entries(lambda world, profile: [forge.with_(world.region.entry(profile, 7), **changed)])


def revoked(world: Scene, who: Holder, profile: str) -> None:
    world.region.marked["revocation"].add(30)
    who.credentials = [world.region.member(who.did, profile, place=30)]


def suspended_in_the_second(world: Scene, who: Holder, profile: str) -> None:
    world.region.marked["suspension"].add(31)
    both = [world.region.entry(profile, 31, purpose) for purpose in ("revocation", "suspension")]
    who.credentials = [world.region.member(who.did, profile, entries=both)]


def revoked_in_the_second(world: Scene, who: Holder, profile: str) -> None:
    world.region.marked["revocation"].add(32)
    both = [world.region.entry(profile, 33), world.region.entry(profile, 32)]
    who.credentials = [world.region.member(who.did, profile, entries=both)]


def unsigned(world: Scene, profile: str) -> Served:
    """The list as bare JSON, as some accept it."""
    now, url = world.clock.seconds(), world.region.list_url(profile)
    made = forge.list_body(
        profile, url, world.region.did, forge.encoded(forge.bits(), profile), begins=now - 60, ends=now + 600
    )
    return Served(msgspec.json.encode(made), headers={"Content-Type": "application/json"})


def by_the_holder(world: Scene, who: Holder, profile: str) -> None:
    """The holder signs a list that is clean, and says so in its own name."""
    path, url = f"/status/{profile}/revocation", world.region.list_url(profile)
    token = world.region.listed(profile, issuer=who.did, key=who.key, kid=who.kid, url=url)
    world.region.serves[path] = Issuer.served_list(token)


def at_the_holder(world: Scene, who: Holder, profile: str) -> None:
    """The credential names a list of the holder's, signed by the holder. (The region has signed the credential.)"""
    url = who.url + "/list"
    token = world.region.listed(profile, issuer=who.did, key=who.key, kid=who.kid, url=url)
    who.serves["/list"] = Issuer.served_list(token)
    entry = forge.status(url, "7", profile=profile)
    who.credentials = [world.region.member(who.did, profile, entries=[entry])]


def by_another_region(world: Scene, who: Holder, profile: str) -> None:
    url, other = world.region.list_url(profile), world.elsewhere
    token = other.listed(profile, url=url)
    world.region.serves[f"/status/{profile}/revocation"] = Issuer.served_list(token)


def under_the_regions_name(world: Scene, who: Holder, profile: str) -> None:
    token = world.region.listed(profile, key=forge.new_key())
    world.region.serves[f"/status/{profile}/revocation"] = Issuer.served_list(token)


def flipped(world: Scene, who: Holder, profile: str) -> None:
    """The list with a letter of the signature changed."""
    token = world.region.listed(profile)
    letter = "A" if token[-20] != "A" else "B"
    world.region.serves[f"/status/{profile}/revocation"] = Issuer.served_list(token[:-20] + letter + token[-19:])


def nowhere(world: Scene, who: Holder, profile: str) -> None:
    """The host of the list has no address."""
    url = "https://nobody.example/status"
    who.credentials = [world.region.member(who.did, profile, entries=[forge.status(url, "7", profile=profile)])]


def inside(world: Scene, who: Holder, profile: str) -> None:
    url = "https://127.0.0.1/status"
    who.credentials = [world.region.member(who.did, profile, entries=[forge.status(url, "7", profile=profile)])]


def swapped(world: Scene, who: Holder, profile: str) -> None:
    """The clean list of suspensions where that of revocations should be."""
    world.region.marked["revocation"].add(40)
    who.credentials = [world.region.member(who.did, profile, place=40)]
    token = world.region.listed(profile, "suspension")
    world.region.serves[f"/status/{profile}/revocation"] = Issuer.served_list(token)


def other_place(world: Scene, who: Holder, profile: str) -> None:
    """A list of the region's that is meant for another URL."""
    listed(url=f"{world.region.url}/status/other")(world, who, profile)


BOMB = forge.b64(gzip.compress(bytes(40_000_000)))


def bomb(world: Scene, who: Holder, profile: str) -> None:
    listed(list_=("u" if profile == "vc20" else "") + BOMB)(world, who, profile)


def expired(world: Scene, who: Holder, profile: str) -> None:
    now = world.clock.seconds()
    listed(begins=now - 2 * DAY, ends=now - DAY)(world, who, profile)


def not_yet(world: Scene, who: Holder, profile: str) -> None:
    now = world.clock.seconds()
    listed(begins=now + DAY, ends=now + 2 * DAY)(world, who, profile)


CASES: list[tuple[str, str, Change]] = [
    ("R1", "revoked", revoked),
    ("R1", "suspended, in the second entry", suspended_in_the_second),
    ("R1", "revoked, in the second entry", revoked_in_the_second),
    ("R2", "unsigned", served(unsigned)),
    ("R2", "by the holder", by_the_holder),
    ("R2", "at the holder", at_the_holder),
    ("R2", "by another region", by_another_region),
    ("R2", "under the region's name", under_the_regions_name),
    ("R2", "a letter changed", flipped),
    ("R3", "no such host", nowhere),
    ("R3", "inside", inside),
    ("R3", "404", served(lambda world, profile: Served(b"{}", 404))),
    ("R3", "500", served(lambda world, profile: Served(b"{}", 500))),
    ("R3", "302", served(lambda world, profile: Served(status=302, headers={"Location": "https://victim.example/"}))),
    ("R3", "HTML", served(lambda world, profile: Served(b"<html>", headers={"Content-Type": "text/html"}))),
    ("R3", "empty", served(lambda world, profile: Served(b""))),
    ("R3", "timeout", served(lambda world, profile: Served(b" " * 1_000, slowly=0.05))),
    ("R3", "endless", served(lambda world, profile: Served(b"a" * 65_536, endless=True))),
    ("R4", "purpose of the list another", listed(named="message")),
    ("R4", "purpose of the entry another", entry(statusPurpose="message")),
    ("R4", "no purpose", entry(statusPurpose=forge.DROP)),
    ("R4", "unknown type", entry(type="RevocationList2020Status")),
    ("R4", "type of no list", entry(type="X")),
    ("R4", "list for another URL", other_place),
    ("R4", "list of the other purpose", swapped),
    ("R4", "no list named", entry(statusListCredential=forge.DROP)),
    *(
        ("R5", f"index {value!r}", index(value))
        for value in (-1, "-1", 1.5, "1.5", " 7", "7 ", "0x7", "07", "", "٣", None, True, "131072", 10**12, "1e3", [7])
    ),
    ("R6", "131,064 places", listed(raw=forge.bits(count=131_064))),
    ("R6", "8 places", listed(raw=forge.bits(count=8))),
    ("R6", "nothing", listed(raw=b"")),
    ("R6", "inflates to 40 MB", bomb),
    ("R6", "no gzip", listed(list_="uAAAA")),
    ("R6", "cut", listed(list_="u" + forge.b64(gzip.compress(forge.bits()))[:-12])),
    ("R6", "no text", listed(list_=7)),
    ("R7", "expired", expired),
    ("R7", "not yet", not_yet),
]
PARAMETERS = [
    pytest.param(Case(row, name, lambda: "", quiet=False), change, profile, id=f"{row} {name} {profile}")
    for row, name, change in CASES
    for profile in PROFILES
]


@pytest.mark.parametrize(("case", "change", "profile"), PARAMETERS)
async def test_R(world: Scene, case: Case, change: Change, profile: str) -> None:
    who = world.mallory
    who.profile = profile
    who.credentials = [world.region.member(who.did, profile)]
    change(world, who, profile)
    async with asyncio.timeout(15):
        await refused(world, case, who.token)
    assert {one.host for one in world.net.came} <= {who.host, world.region.host}
    assert all(host.startswith("11.") for host, _ in world.net.called)


@pytest.mark.parametrize("profile", PROFILES)
async def test_R1_of_a_member_that_is_known(world: Scene, profile: str) -> None:
    """A revocation takes effect within the time for which a verdict is used."""
    who = world.mallory
    who.profile = profile
    who.credentials = [world.region.member(who.did, profile, place=50)]
    assert (await world.ask(who.token())).status == 200
    world.region.marked["revocation"].add(50)
    world.clock.ahead += 301
    await asyncio.sleep(0)
    case = Case("R1", "known", lambda: "", status=(401, 403), quiet=False)
    await refused(world, case, who.token)
    assert (await world.ask(who.token())).status in (401, 403)


@pytest.mark.parametrize("profile", PROFILES)
async def test_R3_the_last_good_copy_counts_until_it_ends(world: Scene, profile: str) -> None:
    who = world.mallory
    who.profile = profile
    who.credentials = [world.region.member(who.did, profile)]
    assert (await world.ask(who.token())).status == 200
    world.region.serves[f"/status/{profile}/revocation"] = Served(b"down", 503)
    world.clock.ahead += 600
    assert (await world.ask(who.token())).status == 200, "the list that is here is good for half an hour"
    world.clock.ahead += 1_500
    await refused(world, Case("R3", "ended", lambda: "", status=(401, 403), quiet=False), who.token)
    del world.region.serves[f"/status/{profile}/revocation"]
    world.clock.ahead += 301
    assert (await world.ask(who.token())).status == 200


@pytest.mark.parametrize("profile", PROFILES)
async def test_R7_an_older_list_undoes_no_revocation(world: Scene, profile: str) -> None:
    """A list that is good by itself, from before the one that has been seen."""
    who = world.mallory
    who.profile = profile
    who.credentials = [world.region.member(who.did, profile, place=60)]
    old = world.region.listed(profile)
    assert (await world.ask(who.token())).status == 200
    world.region.marked["revocation"].add(60)
    world.clock.ahead += 301
    assert (await world.ask(who.token())).status in (401, 403)
    world.region.serves[f"/status/{profile}/revocation"] = Issuer.served_list(old)
    for _ in range(3):
        world.clock.ahead += 301
        await refused(world, Case("R7", "older", lambda: "", status=(401, 403), quiet=False), who.token)
