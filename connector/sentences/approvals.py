"""People who decide, and frame contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "approval.nothing": (
        "Hier ist nichts zu entscheiden (Zustand: {state}).",
        "There is nothing to decide here (state: {state}).",
    ),
    "approval.own_draft": (
        "Diese Bedingungen haben Sie selbst entworfen; zustimmen muss jemand anderes. Ein eigener Zugang: "
        "allmende operator add NAME --role approver",
        "You have drafted these terms yourself; somebody else has to approve them. A credential of their own: "
        "allmende operator add NAME --role approver",
    ),
    "approval.voted": ("Sie haben schon zugestimmt.", "You have approved this already."),
    "approval.right": (
        "Zustimmen darf, wer die Rolle approver oder eine höhere hat.",
        "Only those with the role approver or a higher one may approve.",
    ),
    "approval.unseen": (
        "Die Bedingungen haben sich seit Beginn geändert; sehen Sie sie an und nennen Sie, was Sie gesehen haben: "
        "--seen {version}",
        "The terms have changed since it began; look at them and say what you have seen: --seen {version}",
    ),
    "approval.late": (
        "Die Frist für die Entscheidung ist verstrichen.",
        "The time for the decision is over.",
    ),
    "approval.retired": (
        "Das Angebot wurde inzwischen zurückgezogen. Lehnen Sie ab, oder machen Sie ein anderes Angebot.",
        "The offer has been retired meanwhile. Decline, or answer with other terms.",
    ),
    "waiting.agree": (
        "Hier muss ein Mensch zustimmen: {given} von {needed} haben zugestimmt, Entscheidung bis {until:second}.",
        "Somebody here has to agree: {given} of {needed} have, decision due {until:second}.",
    ),
    "waiting.accept": (
        "Hier muss ein Mensch das Angebot annehmen: {given} von {needed} haben zugestimmt, Entscheidung bis "
        "{until:second}.",
        "Somebody here has to accept the offer: {given} of {needed} have agreed to it, decision due {until:second}.",
    ),
    "waiting.request": (
        "Hier muss ein Mensch die Anfrage freigeben, ehe sie hinausgeht: {given} von {needed} haben zugestimmt, "
        "Entscheidung bis {until:second}.",
        "Somebody here has to approve the request before it goes out: {given} of {needed} have, decision due "
        "{until:second}.",
    ),
    "waiting.nobody": (
        "Es gibt nicht genug Menschen, die zustimmen dürfen (entworfen von: {drafted_by}). Ein eigener Zugang: "
        "allmende operator add NAME --role approver",
        "There are not enough people who may approve (drafted by: {drafted_by}). A credential of their own: "
        "allmende operator add NAME --role approver",
    ),
    "waiting.people": (
        "Bei {peer} entscheiden Menschen: {given} von {needed} haben zugestimmt, Entscheidung bis {until:second}.",
        "At {peer} people decide: {given} of {needed} have agreed, decision due {until:second}.",
    ),
    "waiting.peer": ("Die Antwort von {peer} steht aus.", "The answer of {peer} is awaited."),
    "waiting.delivery": (
        "Unsere Nachricht an {peer} ist noch nicht bestätigt.",
        "Our message to {peer} is not acknowledged yet.",
    ),
    # frame contracts
    "frame.unknown": ("Einen Rahmenvertrag „{name}“ gibt es nicht.", 'There is no frame contract "{name}".'),
    "frame.exists": (
        "Einen Rahmenvertrag „{name}“ gibt es schon; jeder Name wird nur einmal vergeben.",
        'There is a frame contract "{name}" already; a name is used only once.',
    ),
    "frame.retired": (
        "Der Rahmenvertrag „{name}“ ist zurückgezogen.",
        'The frame contract "{name}" has been retired.',
    ),
    "frame.hash": (
        "Die Prüfsumme des Dokuments ist ein SHA-256 in 64 Hexadezimalziffern.",
        "The document's hash is a SHA-256 in 64 hexadecimal digits.",
    ),
    "frame.signatories": (
        "Nennen Sie, wer den Rahmenvertrag unterschrieben hat.",
        "Say who has signed the frame contract.",
    ),
    "frame.parties": (
        "Ein Rahmenvertrag gilt entweder für genannte Nachbarn oder für alle.",
        "A frame contract covers either the peers that are named or anybody.",
    ),
}
