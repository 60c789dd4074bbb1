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
    "contract.expired": ("Der Vertrag ist abgelaufen ({until:second}).", "The contract has expired ({until:second})."),
    "contract.by_notice": (
        "Der Vertrag wurde gekündigt. Angegebener Grund: {text}",
        "The contract was ended by notice. Reason given: {text}",
    ),
    "contract.ended_there": (
        "Der Vertrag war bei der Gegenstelle schon beendet.",
        "The contract had already ended at the peer.",
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
        "So früh lässt der Vertrag sich nicht kündigen; frühestens zu: {earliest:end}.",
        "Notice cannot end the contract that early; the earliest end is: {earliest:end}.",
    ),
    "contract.ends_before": (
        "Der Vertrag endet bis dahin ohnehin ({ends:end}).",
        "The contract ends by then anyway ({ends:end}).",
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
    "contract.proposal_moved": (
        "Die Gegenseite hat inzwischen ein anderes Ende vorgeschlagen: {ends:end} (Vorschlag {proposal}).",
        "The other side has proposed another end meanwhile: {ends:end} (proposal {proposal}).",
    ),
    "contract.proposal_unseen": (
        "Die Gegenseite hat ihren Vorschlag geändert, jetzt: {ends:end}. Sagen Sie mit --seen {proposal}, dass Sie "
        "diesem zustimmen.",
        "The other side has changed its proposal, now: {ends:end}. Say with --seen {proposal} that it is this one "
        "that you consent to.",
    ),
    "contract.unsettled": (
        "Die Gegenseite hat den Abschluss noch nicht bestätigt; versuchen Sie es gleich wieder.",
        "The other side has not acknowledged the conclusion yet; try again in a moment.",
    ),
    "contract.held_already": ("Der Vertrag ist schon angehalten.", "The contract is held already."),
    "contract.not_held": ("Der Vertrag ist nicht angehalten.", "The contract is not held."),
    "contract.replaces": (
        "Den Vertrag, der ersetzt werden soll, gibt es zwischen uns zu diesem Datensatz nicht.",
        "The contract that is to be replaced does not exist between us for this dataset.",
    ),
    "contract.amending": (
        "Über einen Nachfolger dieses Vertrags wird schon verhandelt ({negotiation}).",
        "A successor of this contract is being negotiated already ({negotiation}).",
    ),
    "contract.nothing_amended": (
        "Nennen Sie, was sich ändern soll.",
        "Say what is to change.",
    ),
    "contract.no_offer": (
        "Zu diesem Datensatz ist nichts mehr veröffentlicht; ohne Angebot lässt sich der Vertrag nicht ändern.",
        "Nothing is published for this dataset any more; without an offer the contract cannot be amended.",
    ),
    # how a contract stands
    "life.open": ("Der Vertrag gilt ohne festes Ende.", "The contract stands, without a fixed end."),
    "life.until": ("Der Vertrag gilt; er läuft aus: {ends:end}.", "The contract stands; its terms end: {ends:end}."),
    "life.ending": (
        "Der Vertrag gilt noch; sein Ende steht fest: {ends:end}.",
        "The contract still stands; its end is certain: {ends:end}.",
    ),
    "life.asked": (
        "Zum Ende des Vertrags ist eine Mitteilung von uns offen; die Gegenseite ist am Zug.",
        "A notice of ours about its end is open; it is the other side's turn.",
    ),
    "life.proposed": (
        "Die Gegenseite schlägt ein Ende vor. Zustimmen: allmende contract end ID --consent; "
        "ablehnen: allmende contract end ID --decline",
        "The other side proposes an end. Consent: allmende contract end ID --consent; "
        "decline: allmende contract end ID --decline",
    ),
    "life.amending": (
        "Über einen Nachfolger wird verhandelt ({negotiation}).",
        "A successor is being negotiated ({negotiation}).",
    ),
    "life.successor": (
        "An seine Stelle ist der Vertrag {by} getreten.",
        "The contract {by} has taken its place.",
    ),
    "life.predecessor": (
        "Er ist an die Stelle des Vertrags {of} getreten; Nutzungen werden neu gezählt.",
        "It has taken the place of the contract {of}; uses are counted anew.",
    ),
    # what was told
    "told.contract.notice.ours": (
        "Wir haben gekündigt, zum: {ends:end}. Grund: {reason}.",
        "We have given notice, for: {ends:end}. Reason: {reason}.",
    ),
    "told.contract.notice.theirs": (
        "Die Gegenseite hat gekündigt, zum: {ends:end}. Grund: {reason}.",
        "The other side has given notice, for: {ends:end}. Reason: {reason}.",
    ),
    "told.contract.proposal.ours": (
        "Wir haben vorgeschlagen, den Vertrag zu beenden, zum: {ends:end}. Grund: {reason}.",
        "We have proposed to end the contract: {ends:end}. Reason: {reason}.",
    ),
    "told.contract.proposal.theirs": (
        "Die Gegenseite hat vorgeschlagen, den Vertrag zu beenden, zum: {ends:end}. Grund: {reason}.",
        "The other side has proposed to end the contract: {ends:end}. Reason: {reason}.",
    ),
    "told.contract.consent.ours": ("Wir haben dem Ende zugestimmt.", "We have consented to the end."),
    "told.contract.consent.theirs": (
        "Die Gegenseite hat dem Ende zugestimmt.",
        "The other side has consented to the end.",
    ),
    "told.contract.decline.ours": (
        "Wir haben das vorgeschlagene Ende abgelehnt. Grund: {reason}.",
        "We have declined the end that was proposed. Reason: {reason}.",
    ),
    "told.contract.decline.theirs": (
        "Die Gegenseite hat das vorgeschlagene Ende abgelehnt. Grund: {reason}.",
        "The other side has declined the end that was proposed. Reason: {reason}.",
    ),
    "told.contract.cause.ours": (
        "Wir haben den Vertrag aus wichtigem Grund beendet: {reason}.",
        "We have ended the contract for cause: {reason}.",
    ),
    "told.contract.cause.theirs": (
        "Die Gegenseite hat den Vertrag aus wichtigem Grund beendet: {reason}.",
        "The other side has ended the contract for cause: {reason}.",
    ),
    "told.other": ("Mitteilung ({kind}).", "A notice ({kind})."),
    # what came of it
    "outcome.open": ("Die Mitteilung ist noch nicht zugestellt.", "It has not been delivered yet."),
    "outcome.told": ("Die Mitteilung ist zugestellt.", "It has been delivered."),
    "outcome.answered": ("Die Mitteilung ist beantwortet.", "It has been answered."),
    "outcome.accepted": ("Die Mitteilung wurde angenommen.", "It was accepted."),
    "outcome.refused": ("Die Mitteilung wurde zurückgewiesen ({code}).", "It was rejected ({code})."),
    "outcome.undeliverable": (
        "Die Mitteilung war nicht zustellbar und wurde aufgegeben.",
        "It could not be delivered and was given up.",
    ),
    "outcome.unsupported": (
        "Die Gegenseite nimmt solche Mitteilungen nicht an.",
        "The other side takes no such notices.",
    ),
}
