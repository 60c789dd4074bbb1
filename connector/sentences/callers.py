"""Who is calling, and who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # who is calling
    "token.missing": (
        "Die Anfrage nennt keinen Absender: Es fehlt der Authorization-Header mit einem Bearer-Token.",
        "The request does not say who asks: an Authorization header with a bearer token is missing.",
    ),
    "token.unknown": (
        "Der Zugangsschlüssel ist hier nicht bekannt.",
        "The credential is not known here.",
    ),
    "token.replayed": (
        "Das Token wurde schon einmal verwendet; jede Nachricht braucht ein eigenes.",
        "The token was used before; every message needs one of its own.",
    ),
    "token.too_large": ("Das Token ist zu lang.", "The token is too long."),
    "token.malformed": ("Das Token ist nicht lesbar.", "The token cannot be read."),
    "token.header": ("Der Kopf des Tokens ist nicht lesbar.", "The token's header cannot be read."),
    "token.algorithm": (
        "Das Token ist mit einem Verfahren unterschrieben, das nicht angenommen wird.",
        "The token is signed with an algorithm that is not accepted.",
    ),
    "token.type": ("Das Token ist von einer anderen Art.", "The token is of another type."),
    "token.claims": ("Dem Token fehlen Angaben.", "The token lacks claims."),
    "token.subject": (
        "Das Token spricht für jemand anderen als seinen Aussteller.",
        "The token speaks for somebody else than its issuer.",
    ),
    "token.audience": ("Das Token ist für jemand anderen bestimmt.", "The token is meant for somebody else."),
    "token.expired": ("Das Token ist abgelaufen.", "The token has expired."),
    "token.early": (
        "Das Token gilt noch nicht; gehen die Uhren beider Seiten richtig?",
        "The token is not valid yet; are both sides' clocks right?",
    ),
    "token.life": ("Das Token gilt länger als erlaubt.", "The token lives longer than is allowed."),
    "token.issuer": (
        "Der Aussteller des Tokens ist hier nicht als Gegenstelle eingetragen.",
        "The token's issuer is not a peer of this node.",
    ),
    "token.key": (
        "Der Schlüssel des Tokens gehört nicht zu den eingetragenen.",
        "The token's key is none of those that are pinned.",
    ),
    "token.signature": ("Die Unterschrift des Tokens stimmt nicht.", "The token's signature does not verify."),
    "token.refused": (
        "Das Token beweist nicht, wer anfragt.",
        "The token does not prove who asks.",
    ),
    "role.missing": (
        "Das darf nur, wer die Rolle {needed} oder eine höhere hat; Ihre ist {role}.",
        "This takes the role {needed} or a higher one; yours is {role}.",
    ),
    # operators
    "account.unknown": ("Eine Person „{name}“ ist nicht eingetragen.", 'There is no operator "{name}".'),
    "account.exists": ("„{name}“ ist schon eingetragen.", '"{name}" is an operator already.'),
    "account.last_admin": (
        "„{name}“ ist die letzte Person mit der Rolle admin und kann nicht entfernt werden.",
        '"{name}" is the last operator with the role admin and cannot be removed.',
    ),
}
