"""Versions of policies as they are kept: found by name, whether they may be used, what is offered under them.

What does not live here: changing one (`versions`).
"""

from __future__ import annotations

from collections.abc import Iterable

from connector.errors import InputError
from connector.pages import every
from connector.ports import Reading
from connector.records import PolicyVersion, PublishedOffer


def version_of(view: Reading, name: str) -> PolicyVersion:
    """The latest version under a name, or the one that `name@version` says. Raises `InputError`."""
    found = view.get(PolicyVersion, name)
    if found is None:
        found = view.get(PolicyVersion, f"{name}@{view.count(PolicyVersion, name=name)}")
    if found is None:
        raise InputError("policy.unknown", name=name)
    return found


def usable(one: PolicyVersion) -> PolicyVersion:
    """The version itself. Raises `InputError` where nothing may be published under it."""
    if one.retired is not None:
        raise InputError("policy.retired", policy=one.id)
    if not one.approved:
        raise InputError("policy.unapproved", policy=one.id, missing=str(one.needs - len(one.approvals)))
    return one


def for_offers(view: Reading, name: str) -> PolicyVersion:
    """What an offer is published under: the version that is named, else the latest that is no draft any more.

    Raises `InputError`: there is none, or it has to be approved first, or is retired; nobody who retires a version
    means that the one before it is good again.
    """
    latest = version_of(view, name)
    if latest.id == name or latest.approved:
        return usable(latest)
    versions = (view.get(PolicyVersion, f"{name}@{number}") for number in range(latest.version - 1, 0, -1))
    return usable(next((one for one in versions if one is not None and one.approved), latest))


def drafts(view: Reading, one: PolicyVersion) -> list[str]:
    """The versions under the name of this one that wait for somebody to agree."""
    found = sorted(every(view, PolicyVersion, name=one.name), key=lambda other: other.version)
    return [other.id for other in found if not other.approved and other.retired is None]


def live_under(view: Reading, policies: Iterable[str]) -> list[PublishedOffer]:
    """The live offers under these versions (`name@version`)."""
    return [offer for policy in policies for offer in every(view, PublishedOffer, policy=policy, live=True)]
