"""connector/records/parties.py: with whom nothing may happen, and why."""

from __future__ import annotations

import msgspec

from connector.records import Participant, Vouch
from policies.model import Reason

PINNED = Participant(
    id="did:web:stadt.example",
    name="stadt",
    url="https://stadt.example",
    base="https://stadt.example/dsp",
    keys={},
    words="",
    added=1,
    added_by="a",
)
VOUCHED = msgspec.structs.replace(
    PINNED, pinned=False, vouch=Vouch(region="did:web:region.example", checked=1, until=100, scopes=("catalog",))
)


def refused(who: Participant, at: int) -> str:
    reason = who.barred(at)
    return "" if reason is None else reason.code


def test_whoever_was_pinned_stands_until_its_keys_change_and_may_everything() -> None:
    assert refused(PINNED, 10**18) == ""
    assert PINNED.may("negotiate")
    changed = msgspec.structs.replace(PINNED, changed=Reason("peer.keys_changed"))
    assert refused(changed, 0) == "peer.keys_changed"


def test_a_verdict_counts_until_the_instant_at_which_it_has_to_be_judged_again() -> None:
    assert refused(VOUCHED, 99) == ""
    assert refused(VOUCHED, 100) == "trust.lapsed"


def test_somebody_whom_nobody_has_pinned_or_vouched_for_is_unknown() -> None:
    nobody = msgspec.structs.replace(VOUCHED, vouch=None)
    assert refused(nobody, 0) == "trust.unknown"
    assert not nobody.may("catalog")


def test_a_refusal_and_changed_keys_come_before_a_verdict_that_has_not_ended() -> None:
    assert VOUCHED.vouch is not None
    revoked = msgspec.structs.replace(VOUCHED.vouch, refused=Reason("trust.revoked"))
    assert refused(msgspec.structs.replace(VOUCHED, vouch=revoked), 0) == "trust.revoked"
    assert refused(msgspec.structs.replace(VOUCHED, changed=Reason("peer.keys_changed")), 0) == "peer.keys_changed"


def test_a_region_is_believed_for_the_scopes_that_it_was_accepted_for() -> None:
    assert VOUCHED.may("catalog")
    assert not VOUCHED.may("negotiate")


def test_credentials_prove_as_long_as_they_stand_and_never_what_an_operator_said() -> None:
    assert VOUCHED.vouch is not None
    facts = {"urn:allmende:memberOf": ("did:web:region.example",), "urn:allmende:role": ("operator",)}
    shown = msgspec.structs.replace(
        VOUCHED, vouch=msgspec.structs.replace(VOUCHED.vouch, facts=facts), facts={"urn:allmende:role": ("visitor",)}
    )
    assert shown.shown(99) == facts
    assert shown.proved(99) == {"urn:allmende:memberOf"}
    assert shown.proved(100) == frozenset()
    refused = msgspec.structs.replace(
        shown, vouch=msgspec.structs.replace(VOUCHED.vouch, facts=facts, refused=Reason("x"))
    )
    assert refused.proved(99) == frozenset()
