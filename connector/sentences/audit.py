"""The audit log and its witnesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "audit.no_entry": ("Einen Eintrag {index} gibt es nicht.", "There is no entry {index}."),
    "audit.leaf": (
        "Eintrag {index} ist nicht mehr, was geschrieben wurde.",
        "Entry {index} is no longer what was written.",
    ),
    "audit.tail_missing": (
        "Am Ende fehlen Einträge: {kept} wurden schon gezeigt, {found} sind da.",
        "Entries are missing at the end: {kept} were shown before, {found} are there.",
    ),
    "audit.root": (
        "Die Einträge ergeben nicht den unterschriebenen Stand ({size}).",
        "The entries do not give the signed head ({size}).",
    ),
    "audit.signature": (
        "Der gespeicherte Stand trägt nicht unsere Unterschrift ({cause}).",
        "The head as kept does not bear our signature ({cause}).",
    ),
    "audit.unsigned": (
        "Ab Eintrag {index} ist das Protokoll nicht unterschrieben.",
        "From entry {index} on the log is not signed.",
    ),
    "audit.nodes": (
        "Die gespeicherten Zwischenwerte passen nicht zum Stand ({size}).",
        "The inner hashes as kept do not lead to the head ({size}).",
    ),
    "audit.rebuilt": (
        "Das Protokoll ist ein anderes als das, dessen Stand {peer} aufbewahrt ({kept} Einträge).",
        "The log is another one than that whose head {peer} keeps ({kept} entries).",
    ),
    "head.no_key": (
        "Von dieser Gegenstelle ist kein Schlüssel für Protokollstände eingetragen.",
        "No key for tree heads is pinned of this peer.",
    ),
    "head.unverified": (
        "Der Protokollstand ist nicht der dieser Gegenstelle, oder seine Unterschrift stimmt nicht ({cause}).",
        "The tree head is not this peer's, or its signature does not verify ({cause}).",
    ),
    "head.refused": (
        "Die Gegenstelle nimmt unseren Protokollstand nicht an.",
        "The peer does not take our tree head.",
    ),
    "head.answer": (
        "Die Gegenstelle hat auf unseren Protokollstand unerwartet geantwortet (HTTP {status}).",
        "The peer gave an unexpected answer to our tree head (HTTP {status}).",
    ),
    "head.unproved": (
        "Was die Gegenstelle als unseren Protokollstand ausgibt, trägt nicht unsere Unterschrift.",
        "What the peer calls our tree head does not bear our signature.",
    ),
}
