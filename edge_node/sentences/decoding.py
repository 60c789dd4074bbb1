"""What came and cannot be read: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "decode.json": ("Das ist kein JSON.", "This is no JSON."),
    "decode.cbor": ("Das ist kein CBOR, das gelesen wird.", "This is no CBOR that is read."),
    "decode.row": (
        "Eine Messung wird als JSON-Objekt erwartet, und hier steht keines.",
        "A reading is expected as a JSON object, and there is none.",
    ),
    "decode.many": ("Mehr als {most} Messungen in einer Nachricht.", "More than {most} readings in one message."),
    "decode.large": ("Mehr als {most} Bytes.", "More than {most} bytes."),
    "decode.thing": (
        "Es steht nicht da, welcher Sensor gemessen hat ({pointer}).",
        "It is not said which sensor has measured ({pointer}).",
    ),
    "decode.nothing": (
        "Keines der Felder der Reihe steht darin.",
        "None of the series' fields is in it.",
    ),
    "decode.time": (
        "Das ist kein Zeitpunkt mit Zeitzone: {found}",
        "This is no instant with a time zone: {found}",
    ),
    "decode.value": (
        "{field}: Dieser Wert passt nicht zum Feld: {found}",
        "{field}: this value does not fit the field: {found}",
    ),
    "decode.unit": (
        "{field}: {unit} lässt sich nicht in {wanted} umrechnen.",
        "{field}: {unit} cannot be made {wanted}.",
    ),
    "decode.senml": (
        "SenML (RFC 8428): Eintrag {record} ist nicht in Ordnung ({what}); nichts davon wird genommen.",
        "SenML (RFC 8428): record {record} is not in order ({what}); nothing of it is taken.",
    ),
    "decode.base64": ("Die Nutzdaten sind kein Base64.", "The payload is no base64."),
    "decode.layout": (
        "Für Nutzdaten von {size} Bytes auf Port {port} ist nichts festgelegt.",
        "Nothing is defined for a payload of {size} bytes on port {port}.",
    ),
    "decode.short": (
        "{field}: Die Nutzdaten enden vorher ({size} Bytes).",
        "{field}: the payload ends before it ({size} bytes).",
    ),
    "decode.item": (
        "Ein Element {key} ist unbekannt oder endet zu früh; was dahinter steht, ist nicht zu lesen.",
        "An item {key} is unknown or ends too early; what stands behind it cannot be read.",
    ),
    "decode.undecoded": (
        "{thing}: Das Netz hat die Nutzdaten nicht entschlüsselt (Port {port}), und hier ist dafür nichts festgelegt.",
        "{thing}: the network has not decoded the payload (port {port}), and nothing is defined for it here.",
    ),
    "decode.simulated": (
        "Jemand hat diese Nachricht in der Konsole des Netzes erfunden; sie ist keine Messung.",
        "Somebody has made this message up in the network's console; it is no measurement.",
    ),
    "decode.old": (
        "Der Broker hatte diese Nachricht aufbewahrt, und es steht nicht darin, wann gemessen wurde.",
        "The broker had kept this message, and it does not say when it was measured.",
    ),
    "mqtt.lost": (
        "{count} Nachrichten ohne Quittung (QoS 0) kamen schneller, als sie genommen werden konnten, und sind "
        "verloren. Mit QoS 1 würde der Broker warten.",
        "{count} messages without acknowledgement (QoS 0) came faster than they could be taken, and are lost. With "
        "QoS 1 the broker would wait.",
    ),
}
