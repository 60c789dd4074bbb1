"""What this node can prove of itself, and the regions that it believes: credentials, descriptions, a region's root.

Certificates are looked at by health (`connector.vitals`), which knows whether they are being renewed.
"""

from __future__ import annotations

from collections.abc import Iterator

from certs import did
from certs.did import DidError
from certs.trust import MEMBERSHIP
from connector.config import Config
from connector.errors import NodeError
from connector.ports import Peer, Reading
from connector.records import Description, HeldCredential, Region
from connector.services.trust.ends import is_late
from connector.services.trust.places import allowed_inside
from connector.services.trust.regions import all_regions
from policies.model import Reason

PATIENCE = 6.0
"""Seconds that somebody else has for an answer."""
_HELD = 500


def root_key(config: Config) -> Iterator[Reason]:
    """Does the key lie here that a region needs only once in years, and that a thief could pose as the region with?"""
    path = config.directory / "keys" / "region" / "root.pem"
    if not config.lab and path.exists():
        yield Reason("doctor.root_key", {"path": str(path), "region": config.region.name})


def credentials(view: Reading, now: int) -> Iterator[Reason]:
    """Can this node show that it belongs to the regions that it has joined, also in a while?"""
    held = view.select(HeldCredential, limit=_HELD)
    for region in all_regions(view):
        if not region.own:
            continue
        mine = [one for one in held if one.issuer == region.id and one.kind == MEMBERSHIP and one.begins <= now]
        last = max(mine, key=lambda one: one.ends, default=None)
        if last is None or now >= last.ends:
            yield Reason("doctor.credential_missing", {"region": region.title, "name": region.name})
        elif is_late(last, now):
            params = {"region": region.title, "name": region.name, "ends": str(last.ends)}
            yield Reason("doctor.credential_ends", params)


def description(view: Reading) -> Iterator[Reason]:
    """Has a member of a region said who it is?"""
    if any(one.own for one in all_regions(view)) and view.count(Description) == 0:
        yield Reason("doctor.description_missing")


def changed(view: Reading) -> Iterator[Reason]:
    """Regions whose keys are others, and nobody vouches for that: their members are refused."""
    for one in all_regions(view):
        if one.changed is not None:
            yield Reason("doctor.region_changed", {"region": one.title, "name": one.name})


async def silent(region: Region, peer: Peer, *, lab: bool = False) -> Reason | None:
    """Does a region not answer? Then, in a while, its members are refused here. `lab`: this is a laboratory node."""
    private = allowed_inside(region.url, region.private, lab)
    try:
        reply = await peer.send("GET", did.document_url(region.url), private=private, deadline=PATIENCE)
        cause = "" if reply.status == 200 else f"HTTP {reply.status}"
    except NodeError as error:
        cause = error.reason.code
    except DidError as error:
        cause = error.code
    if not cause:
        return None
    told = {"region": region.title, "cause": cause}
    return Reason("doctor.region_silent", {**told, "said": cause} if cause.startswith("peer.") else told)
