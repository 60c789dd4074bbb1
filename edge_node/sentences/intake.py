"""What is put aside on the way in: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "reading.form": (
        'Eine Messung ist ein JSON-Objekt mit "thing", "at" und den Feldern der Reihe; hier steht etwas anderes.',
        'A reading is a JSON object with "thing", "at" and the fields of the series; here is something else.',
    ),
    "reading.thing": (
        "Es steht nicht da, welcher Sensor gemessen hat, oder der Name ist zu lang.",
        "It is not said which sensor has measured, or its name is too long.",
    ),
    "reading.time": (
        "{thing}: Zu diesem Zeitpunkt kann nicht gemessen worden sein: {at}",
        "{thing}: nothing can have been measured at this instant: {at}",
    ),
    "reading.instant": (
        "{thing}: Das ist kein Zeitpunkt mit Zeitzone, wie 2026-01-02T03:04:05Z: {at}",
        "{thing}: this is no instant with a time zone, as 2026-01-02T03:04:05Z: {at}",
    ),
    "reading.empty": ("{thing}: Die Messung hat keinen Wert.", "{thing}: the reading has no value."),
    "reading.kind": (
        "{thing}: Der Wert von {field} ist nicht von der Art des Feldes.",
        "{thing}: the value of {field} is not of the kind of the field.",
    ),
    "reading.range": (
        "{thing}: {field} ist {value} und damit nicht zwischen {min} und {max}.",
        "{thing}: {field} is {value}, which is not between {min} and {max}.",
    ),
    "reading.treated": (
        "Was die Pflichten aus der Messung gemacht haben, ist zu groß, um geschrieben zu werden.",
        "What the duties have made of the reading is too large to be written.",
    ),
    "duty.fields": (
        "{series}: Nach den Pflichten sind andere Felder übrig, als gespeichert werden dürfen; nichts davon bleibt.",
        "{series}: the duties have left other fields than may be stored; nothing is stored.",
    ),
    "intake.things": (
        "Das Gerät kennt schon {most} Sensoren; Messungen von weiteren werden nicht genommen.",
        "The device knows {most} sensors already; readings of further ones are not taken.",
    ),
    "intake.stopped": ("Das Gerät hält an.", "The device is stopping."),
}
