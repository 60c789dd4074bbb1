"""The life of policies, and what operators state about the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "policy.unknown": ("Eine Nutzungsregel „{name}“ ist nicht angelegt.", 'There is no policy "{name}".'),
    "policy.unapproved": (
        "{policy} ist noch ein Entwurf; fehlende Zustimmungen: {missing}. Zustimmen: allmende policy approve {policy}",
        "{policy} is a draft still; missing approvals: {missing}. Approve: allmende policy approve {policy}",
    ),
    "policy.approved": (
        "{policy} darf schon verwendet werden; es gibt nichts zuzustimmen.",
        "{policy} may be used already; there is nothing to agree to.",
    ),
    "policy.which": (
        "Mehrere Fassungen warten auf Zustimmung: {policies}. Nennen Sie die, die Sie gelesen haben.",
        "Several versions wait to be approved: {policies}. Name the one that you have read.",
    ),
    "policy.own": (
        "{operator} hat {policy} selbst entworfen; zustimmen muss jemand anderes. Ein eigener Zugang: allmende operator"
        " add NAME --role approver",
        "{operator} has drafted {policy}; somebody else has to agree. Access of their own: allmende operator add NAME"
        " --role approver",
    ),
    "policy.voted": (
        "{operator} hat {policy} schon zugestimmt; es braucht noch jemand anderen.",
        "{operator} has agreed to {policy} already; it takes somebody else.",
    ),
    "policy.signed": ("{policy} ist schon unterschrieben.", "{policy} is signed already."),
    "policy.retired": (
        "{policy} ist zurückgezogen; darunter wird nichts mehr angeboten.",
        "{policy} is retired; nothing is offered under it any more.",
    ),
    "policy.offered": (
        "Unter {policy} stehen noch Angebote ({offers}); ziehen Sie sie zuerst zurück, oder mit: --with-offers",
        "There are still offers under {policy} ({offers}); retire them first, or along with it: --with-offers",
    ),
    "statement.operand": (
        "„{operand}“ kann kein Knoten von sich aus feststellen; möglich ist: {known}.",
        '"{operand}" is nothing that a node can state; there are: {known}.',
    ),
    "statement.value": (
        "„{value}“ ist kein Wert für {operand}.",
        '"{value}" is no value of {operand}.',
    ),
    "statement.over": (
        "Das Ende der Feststellung über {operand} liegt in der Vergangenheit.",
        "The end of what is stated about {operand} is over already.",
    ),
    "statement.none": ("Über {operand} ist nichts festgestellt.", "Nothing is stated about {operand}."),
}
"""Code -> German, English."""
