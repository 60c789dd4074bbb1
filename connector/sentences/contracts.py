"""Contracts from their conclusion to their end, and notices about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "notice.unreadable": ("Die Mitteilung ist nicht lesbar.", "The notice cannot be read."),
    "notice.exists": (
        "Die Kennung {id} gehört schon zu einer anderen Mitteilung.",
        "The id {id} belongs to another notice already.",
    ),
    "notice.many": (
        "Dazu wurden schon {limit} Mitteilungen gemacht; mehr werden nicht angenommen.",
        "There have been {limit} notices about this already; no more are taken.",
    ),
    "contract.expired": ("Der Vertrag ist abgelaufen ({until:time}).", "The contract has expired ({until:time})."),
    "contract.by_notice": (
        "Der Vertrag wurde gekündigt. Angegebener Grund: {text}",
        "The contract was ended by notice. Reason given: {text}",
    ),
    "contract.by_agreement": (
        "Der Vertrag wurde einvernehmlich beendet. Angegebener Grund: {text}",
        "The contract was ended by agreement. Reason given: {text}",
    ),
    "contract.for_cause": (
        "Der Vertrag wurde aus wichtigem Grund beendet: {text}",
        "The contract was ended for cause: {text}",
    ),
    "contract.replaced": (
        "Der Vertrag wurde durch einen neuen ersetzt ({by}).",
        "The contract was replaced by a new one ({by}).",
    ),
    "contract.held": (
        "Der Vertrag ist angehalten; solange fließen keine Daten. Grund: {text}",
        "The contract is held; no data flows meanwhile. Reason: {text}",
    ),
    "contract.past": (
        "Ein Ende in der Vergangenheit gibt es nicht ({at:time}).",
        "There is no end in the past ({at:time}).",
    ),
    "contract.no_notice": (
        "Der Vertrag nennt keine Kündigungsfrist; er lässt sich nur einvernehmlich oder aus wichtigem Grund beenden.",
        "The contract names no notice period; it can be ended by agreement or for cause only.",
    ),
    "contract.too_early": (
        "So früh lässt der Vertrag sich nicht kündigen; frühestens zu: {earliest:time}.",
        "Notice cannot end the contract that early; the earliest end is: {earliest:time}.",
    ),
    "contract.ends_before": (
        "Der Vertrag endet bis dahin ohnehin ({ends:time}).",
        "The contract ends by then anyway ({ends:time}).",
    ),
    "contract.noticed_already": (
        "Eine Mitteilung über das Ende ist unterwegs; erst muss die Gegenseite sie haben.",
        "A notice about the end is under way; the other side has to have it first.",
    ),
    "contract.cause_missing": (
        "Wer aus wichtigem Grund beendet, muss ihn nennen.",
        "Whoever ends a contract for cause has to name the cause.",
    ),
    "contract.cause_now": (
        "Aus wichtigem Grund endet ein Vertrag sofort; ein Tag lässt sich nicht angeben.",
        "For cause a contract ends at once; no day can be given.",
    ),
    "contract.no_proposal": (
        "Es gibt keinen offenen Vorschlag, diesen Vertrag zu beenden.",
        "There is no open proposal to end this contract.",
    ),
    "contract.unsettled": (
        "Die Gegenseite hat den Abschluss noch nicht bestätigt; versuchen Sie es gleich wieder.",
        "The other side has not acknowledged the conclusion yet; try again in a moment.",
    ),
    "contract.held_already": ("Der Vertrag ist schon angehalten.", "The contract is held already."),
    "contract.not_held": ("Der Vertrag ist nicht angehalten.", "The contract is not held."),
}
