"""connector/services/policies/versions.py: four eyes, signatures, ends, and offers that follow a new version."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from connector.errors import InputError
from connector.records import Outside, PolicyVersion
from connector.services.policies.versions import Policies, Sealed
from policies import canonical, parse, render
from policies.model import PolicyKind
from policies.terms import Terms, to_policy
from tests.connector.services.world import Neighbour, neighbours
from tests.harness.virtual import run

FIRST = render.to_dsp(to_policy("urn:x:p", Terms(count=1)))
SECOND = render.to_dsp(to_policy("urn:x:p", Terms(count=2)))


async def city(folder: Path, approvals: int = 0) -> tuple[Neighbour, list[Sealed]]:
    """A city whose policies need that many approvals; and what its key has signed."""
    one, _ = await neighbours(folder)
    sealed: list[Sealed] = []

    def seal(what: Sealed) -> str:
        sealed.append(what)
        return f"signed-{len(sealed)}"

    def opened(token: str) -> Sealed | None:
        made = {f"signed-{n}": what for n, what in enumerate(sealed, 1)}
        return made.get(token)

    one.policies = Policies(
        store=one.store, clock=one.clock, offers=one.offers, approvals=approvals, seal=seal, opened=opened
    )
    return one, sealed


async def events(one: Neighbour) -> list[str]:
    return [msgspec.json.decode(entry.body)["event"] for entry in await one.audit()]


def refused(code: str) -> pytest.RaisesExc[InputError]:
    return pytest.raises(InputError, match=code.replace(".", r"\."))


def test_whoever_drafts_cannot_approve_and_nobody_approves_twice(tmp_path: Path) -> None:
    async def story() -> None:
        one, _ = await city(tmp_path, approvals=2)
        draft = await one.policies.add("mayor", "p", FIRST, reason="council")
        assert (draft.approved, draft.usable, draft.needs) == (False, False, 2)
        with refused("policy.own"):
            await one.policies.approve("mayor", "p")
        await one.policies.approve("anna", "p", "looks right")
        with refused("policy.voted"):
            await one.policies.approve("anna", "p")
        done = await one.policies.approve("jo", "p@1")
        assert [vote.operator for vote in done.approvals] == ["anna", "jo"]
        assert done.usable
        with refused("policy.approved"):
            await one.policies.approve("mia", "p")

    run(story)


def test_nobody_approves_a_draft_that_slipped_in_behind_the_one_that_was_read(tmp_path: Path) -> None:
    async def story() -> None:
        one, _ = await city(tmp_path, approvals=1)
        await one.policies.add("mayor", "p", FIRST)
        await one.policies.add("mayor", "p", SECOND)
        with refused("policy.which"):
            await one.policies.approve("anna", "p")
        assert (await one.policies.approve("anna", "p@1")).usable
        assert not (await one.policies.get("p@2")).usable
        with refused("policy.own"):
            await one.policies.approve("mayor", "p")
        assert (await one.policies.approve("anna", "p")).id == "p@2"

    run(story)


def test_of_two_who_approve_at_once_each_counts_once(tmp_path: Path) -> None:
    async def story() -> None:
        one, _ = await city(tmp_path, approvals=2)
        await one.policies.add("mayor", "p", FIRST)
        votes = [one.policies.approve(who, "p@1") for who in ("anna", "anna", "jo", "mia")]
        done = await asyncio.gather(*votes, return_exceptions=True)
        assert [isinstance(answer, InputError) for answer in done] == [False, True, False, True]
        kept = await one.policies.get("p")
        assert [vote.operator for vote in kept.approvals] == ["anna", "jo"]

    run(story)


def test_nothing_is_offered_under_a_draft_but_under_the_version_before_it(tmp_path: Path) -> None:
    async def story() -> None:
        one, _ = await city(tmp_path, approvals=1)
        await one.offers.add_asset("mayor", name="a", title="a", kind="file", settings={})
        await one.policies.add("mayor", "p", FIRST)
        with refused("policy.unapproved"):
            await one.offers.publish("mayor", "a", "p", Outside.REFUSE)
        await one.policies.approve("anna", "p")
        await one.policies.add("mayor", "p", SECOND)
        assert (await one.offers.publish("mayor", "a", "p", Outside.REFUSE)).policy == "p@1"
        with refused("policy.unapproved"):
            await one.offers.publish("mayor", "a", "p@2", Outside.REFUSE)

    run(story)


def test_live_offers_follow_when_asked_to_and_only_once_the_version_may_be_used(tmp_path: Path) -> None:
    async def story() -> None:
        one, _ = await city(tmp_path)
        offer = await one.publish(Terms(count=1))
        one.policies = Policies(
            store=one.store, clock=one.clock, offers=one.offers, approvals=1, seal=str, opened=lambda _: None
        )
        await one.policies.add("mayor", "traffic", SECOND, follow=True)
        assert (await one.offers.offer(offer.id)).live
        await one.policies.approve("anna", "traffic")
        old = await one.offers.offer(offer.id)
        (new,) = await one.offers.offers(live=True)
        assert not old.live
        assert old.document == offer.document
        assert (new.policy, new.version, new.replaces) == ("traffic@2", 2, offer.id)
        assert new.published_by == "mayor"  # anna has approved the terms, and may decide about contracts under them
        assert (new.asset, new.outside, new.approval) == (offer.asset, offer.outside, offer.approval)
        assert new.document["@id"] == new.id
        assert parse.from_dsp(new.document, PolicyKind.OFFER).rules != parse.from_dsp(old.document).rules

    run(story)


def test_what_is_signed_names_what_it_says_its_template_and_who_answers_for_it(tmp_path: Path) -> None:
    async def story() -> None:
        one, sealed = await city(tmp_path, approvals=1)
        await one.policies.add("mayor", "p", FIRST, template="charta-g-open@1", reason="council 2027/4")
        with refused("policy.unapproved"):
            await one.policies.sign("mayor", "p")
        await one.policies.approve("anna", "p")
        signed = await one.policies.sign("jo", "p")
        (what,) = sealed
        assert (signed.signature, signed.signed_by) == ("signed-1", "jo")
        assert what.digest == canonical.digest(parse.from_dsp(signed.document, PolicyKind.OFFER))
        assert (what.policy, what.template, what.reason) == ("p@1", "charta-g-open@1", "council 2027/4")
        assert (what.drafted_by, what.approved_by, what.signed_by) == ("mayor", ("anna",), "jo")
        with refused("policy.signed"):
            await one.policies.sign("jo", "p")

    run(story)


def test_a_version_that_is_offered_is_retired_only_along_with_its_offers(tmp_path: Path) -> None:
    async def story() -> None:
        one, _ = await city(tmp_path)
        await one.publish(Terms(count=1))
        with refused("policy.offered"):
            await one.policies.retire("mayor", "traffic")
        assert (await one.policies.retire("mayor", "traffic", "over", offers=True)).retired_by == "mayor"
        assert await one.offers.offers(live=True) == []
        for again in (one.policies.retire("mayor", "traffic"), one.policies.sign("mayor", "traffic")):
            with refused("policy.retired"):
                await again
        with refused("policy.retired"):
            await one.offers.publish("mayor", "traffic", "traffic", Outside.REFUSE)

    run(story)


def test_the_history_has_every_version_and_the_log_every_act(tmp_path: Path) -> None:
    async def story() -> None:
        one, _ = await city(tmp_path)
        await one.publish(Terms(count=1))
        for _ in range(10):
            await one.policies.add("mayor", "traffic", SECOND)
        found = await one.policies.history("traffic@3")
        assert [past.version.version for past in found] == list(range(1, 12))
        assert [past.offers for past in found] == [1] + [0] * 10
        assert (await events(one)).count("policy.added") == 11

    run(story)


def test_a_version_that_was_kept_before_there_were_digests_can_still_be_signed(tmp_path: Path) -> None:
    async def story() -> None:
        one, sealed = await city(tmp_path)
        old = PolicyVersion(id="p@1", name="p", version=1, document=FIRST, created=1, created_by="mayor")
        await one.store.write(lambda tx: tx.put(old))
        assert (await one.policies.get("p")).usable
        await one.policies.sign("anna", "p")
        assert sealed[0].digest == canonical.digest(parse.from_dsp(FIRST, PolicyKind.OFFER))

    run(story)
