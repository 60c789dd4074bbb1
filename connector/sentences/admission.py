"""Strangers: what is said to them and about them, on the way to being admitted and where that ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "did.form": (
        "Die Kennung des Absenders ist kein gültiger DID.",
        "The sender's identifier is no valid DID.",
    ),
    "did.method": (
        "Hier werden nur Teilnehmer mit einem did:web eingelassen.",
        "Only participants with a did:web are admitted here.",
    ),
    "did.unresolved": (
        "Das DID-Dokument des Absenders ist nicht zu bekommen oder nicht zu brauchen.",
        "The sender's DID document cannot be had or cannot be used.",
    ),
    "token.grant": (
        "Der Absender ist hier unbekannt und sagt nicht, womit nach seinen Nachweisen gefragt werden darf.",
        "The sender is unknown here and does not say with what its credentials may be asked for.",
    ),
    "presentation.unanswered": (
        "Wo der Absender seine Nachweise zeigt, antwortet niemand.",
        "Nobody answers where the sender shows its credentials.",
    ),
    "presentation.refused": (
        "Der Absender zeigt seine Nachweise nicht.",
        "The sender does not show its credentials.",
    ),
    "presentation.answer": (
        "Was der Absender statt seiner Nachweise schickt, ist nicht zu verstehen.",
        "What the sender sends in place of its credentials cannot be understood.",
    ),
    "trust.no_service": (
        "Der Absender zeigt nirgends Nachweise (sein DID-Dokument nennt keinen CredentialService).",
        "The sender shows credentials nowhere (its DID document names no CredentialService).",
    ),
    "trust.busy": (
        "Es fragen gerade zu viele Unbekannte an ({under_way}); bitte später noch einmal.",
        "Too many strangers are asking just now ({under_way}); please try again later.",
    ),
    "trust.many": (
        "Dieser Knoten hat schon {participants} Teilnehmer; mehr werden nicht von selbst eingelassen.",
        "This node has {participants} participants already; no more are admitted by themselves.",
    ),
    "trust.lapsed": (
        "Für {peer} hat seit zu langer Zeit niemand mehr gebürgt: Region oder Teilnehmer waren nicht zu erreichen."
        " Es geht von selbst weiter, sobald sie es sind.",
        "Nobody has vouched for {peer} for too long: its region or itself could not be reached. It goes on by itself as"
        " soon as they can be.",
    ),
    "trust.barred": (
        "Jemand hat diese Gegenstelle hier entfernt; sie bleibt draußen, bis sie wieder eingetragen wird.",
        "Somebody has removed this peer here; it stays out until it is added again.",
    ),
    "trust.unknown": (
        "Für {peer} bürgt niemand, und niemand hat seine Schlüssel verglichen.",
        "Nobody vouches for {peer}, and nobody has compared its keys.",
    ),
    "trust.proof_unchecked": (
        "Ob der Nachweis echt ist, wurde nicht geprüft: seinem Aussteller wird nicht geglaubt.",
        "Whether the credential is genuine was not checked: its issuer is not believed.",
    ),
    "status.older": (
        "Die Widerrufsliste {list} ist älter als die, die schon hier war.",
        "The list of revocations {list} is older than the one that was here before.",
    ),
}
