"""Which audit events are for people, how much they matter, and in which words.

What lives here: the one table. What does not: reading the log (`happenings`), the wording (`sentences.events`), how
people are told (`messenger`). Every event that this node records stands in `PEOPLE` or in `QUIET`; a test finds those
that do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from connector.protocol import negotiation, transfer
from connector.protocol.machine import Machine
from connector.protocol.negotiation import NEGOTIATION
from connector.protocol.transfer import TRANSFER


class Importance(StrEnum):
    """How much an event matters, from the least up."""

    NOTE = "note"
    ATTENTION = "attention"
    ALARM = "alarm"


RANKS: Final = tuple(Importance)
"""From the least up."""

_NOTE, _ATTENTION, _ALARM = Importance.NOTE, Importance.ATTENTION, Importance.ALARM

PEOPLE: Final[Mapping[str, tuple[Importance, str]]] = {
    # contracts and negotiations: what is concluded, refused, or waits for a person
    "negotiation.received.request": (_NOTE, "event.asked"),
    "negotiation.received.offer": (_NOTE, "event.offered"),
    "negotiation.received.finalize": (_ATTENTION, "event.concluded"),
    "negotiation.acknowledged.finalize": (_ATTENTION, "event.concluded"),
    "negotiation.received.terminate": (_ATTENTION, "event.negotiation_ended"),
    "negotiation.abandoned": (_NOTE, "event.negotiation_ended"),
    **{f"negotiation.rejected.{move}": (_ATTENTION, "event.negotiation_refused") for move in negotiation.Move},
    "approval.asked": (_ATTENTION, "event.approval_asked"),
    "approval.reminded": (_ATTENTION, "event.approval_reminded"),
    "approval.late": (_ATTENTION, "event.approval_late"),
    "approval.approved": (_NOTE, "event.approval_given"),
    "approval.declined": (_ATTENTION, "event.approval_declined"),
    "contract.proposed": (_ATTENTION, "event.end_proposed"),
    "contract.declined": (_ATTENTION, "event.end_declined"),
    "contract.refused": (_ATTENTION, "event.end_refused"),
    "contract.ends": (_ATTENTION, "event.contract_ends"),
    "contract.ended": (_ATTENTION, "event.contract_ended"),
    "contract.warning": (_ATTENTION, "event.contract_warning"),
    "contract.holding": (_ATTENTION, "event.contract_held"),
    "contract.released": (_NOTE, "event.contract_released"),
    "contract.reinstated": (_ATTENTION, "event.contract_reinstated"),
    "frame.added": (_NOTE, "event.frame_added"),
    "frame.retired": (_NOTE, "event.frame_retired"),
    # transfers and data
    "transfer.received.suspend": (_NOTE, "event.transfer_suspended"),
    "transfer.received.terminate": (_NOTE, "event.transfer_ended"),
    **{f"transfer.rejected.{move}": (_ATTENTION, "event.transfer_refused") for move in transfer.Move},
    "access.refused": (_NOTE, "event.access_refused"),
    "access.unserved": (_ATTENTION, "event.access_unserved"),
    "access.cut": (_NOTE, "event.access_cut"),
    "flow.errored": (_ATTENTION, "event.flow_errored"),
    "flow.refused": (_ATTENTION, "event.flow_refused"),
    "flow.failed": (_ATTENTION, "event.flow_failed"),
    "plane.added": (_ATTENTION, "event.plane_added"),
    "plane.removed": (_ATTENTION, "event.plane_removed"),
    "data.refused": (_NOTE, "event.data_refused"),
    "push.received": (_NOTE, "event.push_received"),
    "push.ended": (_ATTENTION, "event.push_ended"),
    "readings.gone": (_ATTENTION, "event.readings_gone"),
    # peers, people, the log
    "peer.added": (_NOTE, "event.peer_added"),
    "peer.removed": (_ATTENTION, "event.peer_removed"),
    "peer.barred": (_NOTE, "event.peer_barred"),
    "peer.let_in": (_ATTENTION, "event.peer_let_in"),
    "operator.added": (_ATTENTION, "event.account_added"),
    "operator.removed": (_ATTENTION, "event.account_removed"),
    "peer.restored": (_ALARM, "event.peer_restored"),
    "reconcile.done": (_NOTE, "event.reconciled"),
    "reconcile.differs": (_ALARM, "event.reconcile_differs"),
    "key.destroyed": (_ALARM, "event.key_destroyed"),
    "key.published": (_ATTENTION, "event.key_published"),
    "key.countersigned": (_ATTENTION, "event.countersigned"),
    "peer.keys_changed": (_ALARM, "event.keys_changed"),
    "succession.proposed": (_ATTENTION, "event.succession_proposed"),
    "succession.taken": (_ATTENTION, "event.succession_taken"),
    "succession.begun": (_ATTENTION, "event.succession_begun"),
    "succession.announced": (_ATTENTION, "event.succession_announced"),
    "succession.agreed": (_ATTENTION, "event.succession_agreed"),
    "succession.declined": (_ATTENTION, "event.succession_declined"),
    "contract.moved": (_NOTE, "event.contract_moved"),
    "trust.keys_changed": (_ALARM, "event.region_keys_changed"),
    "trust.keys_followed": (_NOTE, "event.region_keys_followed"),
    "trust.keys_accepted": (_ATTENTION, "event.region_keys_accepted"),
    "peer.keys_followed": (_NOTE, "event.keys_followed"),
    "peer.keys_accepted": (_ATTENTION, "event.keys_accepted"),
    "head.conflict": (_ALARM, "event.head_conflict"),
    "head.generation": (_ALARM, "event.head_generation"),
    "node.restored": (_ALARM, "event.restored"),
    # portals that are harvested
    "harvest.failed": (_ATTENTION, "event.harvest_failed"),
    # credentials
    "credential.received": (_NOTE, "event.credential_received"),
    "credential.lost": (_ALARM, "event.credential_lost"),
    "credential.regained": (_NOTE, "event.credential_regained"),
    "credential.rejected": (_ATTENTION, "event.credential_rejected"),
    "credential.offered": (_NOTE, "event.credential_offered"),
    "credential.revoked": (_ATTENTION, "event.credential_revoked"),
    "credential.suspended": (_ATTENTION, "event.credential_suspended"),
    "credential.restored": (_NOTE, "event.credential_restored"),
    "issuance.rejected": (_ATTENTION, "event.issuance_rejected"),
    "peer.admitted": (_NOTE, "event.peer_admitted"),
    "peer.refused": (_ATTENTION, "event.peer_refused"),
    "peer.vouched": (_NOTE, "event.peer_vouched"),
    "certificate.revoked": (_ATTENTION, "event.certificate_revoked"),
    "certificate.restored": (_NOTE, "event.certificate_restored"),
    "compliance.attested": (_NOTE, "event.compliance_attested"),
    "description.published": (_NOTE, "event.description_published"),
    "description.withdrawn": (_ATTENTION, "event.description_withdrawn"),
    "credential.ending": (_ATTENTION, "event.credential_ending"),
    # regions: whom this node believes, and the one that it keeps
    "trust.added": (_ATTENTION, "event.trust_added"),
    "trust.removed": (_ATTENTION, "event.trust_removed"),
    "trust.vouched": (_ATTENTION, "event.trust_vouched"),
    "trust.vouch_ended": (_ATTENTION, "event.trust_vouch_ended"),
    "region.joined": (_ATTENTION, "event.region_joined"),
    "region.invited": (_NOTE, "event.region_invited"),
    "region.withdrawn": (_NOTE, "event.region_withdrawn"),
    "region.vouched": (_ATTENTION, "event.region_vouched"),
    "region.unvouched": (_ATTENTION, "event.region_unvouched"),
    "region.authority_renewed": (_ATTENTION, "event.authority_renewed"),
    "region.root_renewed": (_ATTENTION, "event.root_renewed"),
    "region.root_list_renewed": (_NOTE, "event.root_list_renewed"),
    "region.root_followed": (_ATTENTION, "event.root_followed"),
    "edge.delivering": (_NOTE, "event.device_delivering"),
    "edge.joined": (_NOTE, "event.device_joined"),
    "edge.retired": (_ATTENTION, "event.device_retired"),
    "edge.updated": (_NOTE, "event.device_updated"),
    "edge.collecting": (_ATTENTION, "event.device_collecting"),
    "member.joined": (_ATTENTION, "event.member_joined"),
    "member.suspended": (_ATTENTION, "event.member_suspended"),
    "member.restored": (_ATTENTION, "event.member_restored"),
    "member.left": (_ATTENTION, "event.member_left"),
    "member.stolen": (_ALARM, "event.member_stolen"),
    # what is shared
    "offer.published": (_NOTE, "event.offer_published"),
    "offer.retired": (_NOTE, "event.offer_retired"),
    "policy.drafted": (_ATTENTION, "event.policy_drafted"),
    "policy.approved": (_NOTE, "event.policy_approved"),
    "policy.signed": (_NOTE, "event.policy_signed"),
    "policy.retired": (_NOTE, "event.policy_retired"),
    "statement.made": (_ATTENTION, "event.statement_made"),
    "statement.withdrawn": (_ATTENTION, "event.statement_withdrawn"),
    # what others share
    "catalog.found": (_ATTENTION, "event.catalog_found"),
}
"""Event -> how much it matters, and its sentence."""

QUIET: Final = frozenset(
    {
        "catalog.place_added",
        "catalog.place_removed",
        "access.permitted",
        "access.examined",
        "access.finished",
        "access.broken",
        "approval.frame",
        "approval.void",
        "approval.voted",
        "asset.added",
        "asset.harvest_added",
        "asset.harvest_changed",
        "asset.removed",
        "harvest.added",
        "harvest.removed",
        "portrait.imported",
        "portrait.changed",
        "portrait.removed",
        "bounds.answered",
        "catalog.read",
        "flow.begun",
        "flow.moved",
        "flow.completed",
        "flow.prepared",
        "flow.started",
        "flow.told",
        "flow.unheard",
        "flow.due",
        "flow.resuming",
        "flow.signalled",
        "plane.updated",
        "certificate.issued",
        "certificate.taken",
        "contract.asked",
        "contract.consenting",
        "contract.declining",
        "contract.ends_sooner",
        "credential.issued",
        "credential.requested",
        "credential.shown",
        "data.received",
        "dataset.read",
        "description.attested",
        "description.said",
        "description.signed",
        "evidence.written",
        "issuance.delivered",
        "issuance.offered",
        "issuance.requested",
        "negotiation.ending",
        "negotiation.restored",
        "negotiation.read",
        "notice.given",
        "notice.settled",
        "notice.taken",
        "peer.signs",
        "peer.takes_notices",
        "policy.added",
        "probe.asked",
        "pseudonyms.destroyed",
        "push.delivered",
        "readings.received",
        "refused",
        "region.list_signed",
        "release.told",
        "repeated",
        "search.removed",
        "search.saved",
        "silo.added",
        "silo.changed",
        "silo.looked",
        "silo.removed",
        "subscription.ended",
        "subscription.made",
        "subscription.paused",
        "subscription.removed",
        "subscription.resumed",
        "token.not_renewed",
        "token.renewed",
        "transfer.abandoned",
        "transfer.ending",
        "transfer.read",
        "transfer.restored",
    }
)
"""What is not for people: steps on the way, reading, and what the sender of a request is told anyway."""


def judged(event: str) -> tuple[Importance, str] | None:
    """How much an event matters and its sentence; None where it is not for people."""
    return PEOPLE.get(event)


def steps(machine: Machine) -> frozenset[str]:
    """The events of a machine's moves, all of them."""
    moves = {str(move) for rules in machine.table.values() for move in rules}
    kinds = ("received", "sending", "acknowledged", "rejected")
    return frozenset(f"{machine.name}.{kind}.{move}" for kind in kinds for move in moves)


def quiet(event: str) -> bool:
    """True for what is known not to be for people: the table's own, and moves that no line above names."""
    return event in QUIET or (event in _STEPS and event not in PEOPLE)


_STEPS: Final = steps(NEGOTIATION) | steps(TRANSFER)
