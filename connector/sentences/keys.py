"""Keys that follow each other, and participants that go on under another name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "key.waiting": (
        "Für {name} ist schon ein neuer Schlüssel veröffentlicht; er löst den alten von selbst ab. Ist der alte in"
        " fremder Hand: allmende key rotate {name} --revoke",
        "A new key for {name} is published already; it follows on the old one by itself. If the old one is in other"
        " hands: allmende key rotate {name} --revoke",
    ),
    "key.form": (
        "{form} ist keine Art von Schlüssel; es gibt {forms}.",
        "{form} is no kind of key; there are {forms}.",
    ),
    "key.other": (
        "In {path} liegt ein anderer Schlüssel, als {ring} sagt. Legen Sie den richtigen dorthin zurück.",
        "In {path} there is another key than {ring} says. Put the right one back.",
    ),
    "event.keys_changed": (
        "Die Schlüssel von {peer} sind andere, und niemand bürgt dafür. Nichts fließt mehr; {contracts} Verträge ruhen."
        " Bekannt waren: {pinned}. Jetzt zeigt sie: {found}. Rufen Sie dort an, unter einer Nummer, die Sie kennen.",
        "The keys of {peer} are others, and nobody vouches for them. Nothing flows any more; {contracts} contracts are"
        " held. Known were: {pinned}. Now it shows: {found}. Call them, on a number that you know.",
    ),
    "event.keys_followed": (
        "{peer} hat neue Schlüssel; ein bekannter hat für sie gebürgt. Ihre Wörter sind jetzt: {words}",
        "{peer} has new keys; a known one has vouched for them. Their words are now: {words}",
    ),
    "event.keys_accepted": (
        "Die neuen Schlüssel von {peer} sind verglichen und eingetragen: {words}",
        "The new keys of {peer} were compared and pinned: {words}",
    ),
    "event.region_keys_changed": (
        "Die Schlüssel der Region {title} sind andere, und niemand bürgt dafür; ihr wird nichts mehr geglaubt. Bekannt"
        " waren: {pinned}. Jetzt zeigt sie: {found}. Rufen Sie dort an.",
        "The keys of the region {title} are others, and nobody vouches for them; it is believed nothing any more. Known"
        " were: {pinned}. Now it shows: {found}. Call them.",
    ),
    "event.region_keys_followed": (
        "Die Region {title} hat neue Schlüssel; ein bekannter hat für sie gebürgt.",
        "The region {title} has new keys; a known one has vouched for them.",
    ),
    "event.region_keys_accepted": (
        "Die neuen Schlüssel der Region {title} sind verglichen: {words}",
        "The new keys of the region {title} were compared: {words}",
    ),
    "member.not_active": (
        "{title} ist kein tätiges Mitglied der Region; für seine Schlüssel wird nicht gebürgt.",
        "{title} is no active member of the region; nobody vouches for its keys.",
    ),
    "event.key_published": (
        "Die Schlüssel dieses Knotens haben sich geändert; veröffentlicht sind: {names}. Sichern Sie den Knoten jetzt.",
        "The keys of this node have changed; published are: {names}. Make a backup now.",
    ),
    "event.countersigned": (
        "Die Region hat für die neuen Schlüssel von {member} gebürgt: {words}",
        "The region has vouched for the new keys of {member}: {words}",
    ),
}
