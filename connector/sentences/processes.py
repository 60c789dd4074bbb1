"""Negotiations, contracts and transfers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "process.unknown": (
        "Diesen Vorgang gibt es nicht, oder er ist nicht Ihrer.",
        "There is no such process, or it is not yours.",
    ),
    "process.exists": (
        "Unter dieser Kennung läuft schon ein anderer Vorgang.",
        "Another process goes by this id already.",
    ),
    "process.long": (
        "Nach {steps} Schritten wird nicht weiter verhandelt; beginnen Sie neu.",
        "After {steps} steps there is no more bargaining; begin anew.",
    ),
    "transition.illegal": (
        "„{move}“ ist im Zustand {state} nicht möglich.",
        '"{move}" is not possible in the state {state}.',
    ),
    "transition.pending": (
        "Erst muss die Gegenseite „{pending}“ bestätigt haben.",
        'The other side has to acknowledge "{pending}" first.',
    ),
    "transition.crossed": (
        "„{move}“ hat sich mit unserem „{pending}“ gekreuzt, und das gilt.",
        '"{move}" has crossed our "{pending}", which stands.',
    ),
    "transition.stale": (
        "Die Nachricht ist überholt; der Vorgang ist schon weiter ({state}).",
        "The message is out of date; the process has gone on ({state}).",
    ),
    "decision.endless": (
        "Die Entscheidung über den Vorgang kommt zu keinem Ende.",
        "The decision on the process comes to no end.",
    ),
    "negotiation.terminated": ("Die Verhandlung wurde beendet.", "The negotiation was terminated."),
    "operator.ended": ("Beendet von einem Menschen: {text}", "Ended by a person: {text}"),
    "peer.terminated": ("Die Gegenseite hat beendet.", "The other side has terminated."),
    "peer.terminate": ("Die Gegenseite hat beendet.", "The other side has terminated."),
    "peer.suspend": ("Die Gegenseite hat ausgesetzt.", "The other side has suspended."),
    "agreement.unknown": ("Diesen Vertrag gibt es nicht.", "There is no such contract."),
    "agreement.ended": ("Der Vertrag gilt nicht mehr.", "The contract is no longer in force."),
    "agreement.damaged": (
        "Der gespeicherte Vertrag passt nicht mehr zu seiner Prüfsumme und wird nicht benutzt.",
        "The contract as kept does not match its hash any more and is not used.",
    ),
    "agreement.differs": (
        "Der Vertrag weicht von dem ab, was ausgehandelt wurde ({parts}).",
        "The contract differs from what was negotiated ({parts}).",
    ),
    "agreement.changed": (
        "Unter dieser Kennung steht jetzt ein anderer Vertrag.",
        "Another contract stands under this id now.",
    ),
    "transfer.unknown": ("Diese Übertragung gibt es nicht.", "There is no such transfer."),
    "transfer.state": (
        "Die Übertragung läuft nicht (Zustand: {state}).",
        "The transfer is not under way (state: {state}).",
    ),
    "agreement.exists": (
        "Die Kennung dieser Vereinbarung gehört schon zu einem anderen Vertrag.",
        "The id of this agreement belongs to another contract already.",
    ),
    "process.moved": (
        "Seitdem hat sich etwas geändert (gesehen: {seen}, jetzt: {now}); bitte noch einmal ansehen.",
        "Something has changed since (seen: {seen}, now: {now}); please look again.",
    ),
    "decision.failed": (
        "Über diese Nachricht konnte nicht entschieden werden ({problem}).",
        "No decision could be made on this message ({problem}).",
    ),
    "transfer.suspended": (
        "Unter diesem Vertrag ist eine Übertragung angehalten; erst muss sie fortgesetzt oder beendet werden. "
        "Welche, und warum: allmende transfer list --state SUSPENDED",
        "A transfer under this contract is suspended; it has to be resumed or ended first. "
        "Which one, and why: allmende transfer list --state SUSPENDED",
    ),
    "transfer.format": (
        "Die Übertragungsart „{format}“ wird nicht angeboten.",
        'The transfer format "{format}" is not offered.',
    ),
    "transfer.delivered": (
        "Diese Daten kommen von einem Gerät, das sie liefert; abzurufen sind sie nicht: allmende subscribe VERTRAG "
        "--push inbox",
        "These data come from a device that delivers them; they cannot be fetched: allmende subscribe CONTRACT --push "
        "inbox",
    ),
    "transfer.no_address": (
        "Die Gegenseite hat nicht gesagt, wo die Daten zu haben sind.",
        "The other side has not said where the data are to be had.",
    ),
    "agreement.provided": (
        "Unter diesem Vertrag stellt dieser Knoten selbst die Daten bereit.",
        "Under this contract it is this node that provides the data.",
    ),
    "transfer.waiting": (
        "Die Gegenseite hat die Übertragung noch nicht freigegeben; versuchen Sie es gleich wieder.",
        "The other side has not started the transfer yet; try again in a moment.",
    ),
}
