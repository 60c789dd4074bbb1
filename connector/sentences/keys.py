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
    "mend.key.other": (
        "Spielen Sie die Schlüssel aus einer Sicherung zurück, zusammen mit ring.json.",
        "Bring the keys back from a backup, together with ring.json.",
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
    "succession.unknown": (
        "Von {peer} liegt keine Nachfolge zur Entscheidung vor; siehe: allmende succession list",
        "No succession of {peer} waits for a decision; see: allmende succession list",
    ),
    "succession.decided": (
        "Über diese Nachfolge ist schon entschieden ({state}).",
        "This succession was decided before ({state}).",
    ),
    "succession.done": (
        "Die Verträge dieses Knotens sind schon an {successor} gegangen.",
        "The contracts of this node have gone to {successor} already.",
    ),
    "succession.none": (
        "{peer} hat nicht erklärt, dass dieser Knoten seine Verträge übernimmt. Dort zuerst:"
        " allmende succession propose",
        "{peer} has not said that this node goes on with its contracts. There first: allmende succession propose",
    ),
    "succession.not_you": (
        "Diese Verträge gehen nicht an den, der fragt.",
        "These contracts do not go to the one that asks.",
    ),
    "succession.leaving": (
        "Wer abgibt, hat das nicht unterschrieben.",
        "The one that leaves has not signed this.",
    ),
    "succession.taking": (
        "Der Nachfolger hat das nicht unterschrieben.",
        "The successor has not signed this.",
    ),
    "succession.keys": (
        "{successor} zeigt andere Schlüssel, als in der Nachfolge genannt sind. Fragen Sie dort nach.",
        "{successor} shows other keys than the succession names. Ask there.",
    ),
    "succession.answer": (
        "{peer} gibt die Verträge nicht heraus (Status {status}).",
        "{peer} does not hand the contracts over (status {status}).",
    ),
    "succession.waiting": (
        "Der Vertrag ruht, bis {peer} der Nachfolge zugestimmt hat.",
        "The contract is held until {peer} has agreed to the succession.",
    ),
    "handover.unreadable": ("Die Erklärung ist nicht lesbar.", "The statement cannot be read."),
    "event.succession_proposed": (
        "{to} soll die Verträge dieses Knotens übernehmen.",
        "{to} is to go on with the contracts of this node.",
    ),
    "event.succession_taken": (
        "{to} hat die Verträge dieses Knotens übernommen; die Gegenstellen werden gefragt.",
        "{to} has taken the contracts of this node; their other sides are asked.",
    ),
    "event.succession_begun": (
        "Die Verträge von {from} sind übernommen und ruhen, bis die Gegenstellen zustimmen.",
        "The contracts of {from} are taken over, and held until their other sides agree.",
    ),
    "event.succession_announced": (
        "{from} geht als {to} weiter. Entscheiden Sie: allmende succession agree oder decline",
        "{from} goes on as {to}. Decide: allmende succession agree, or decline",
    ),
    "event.succession_agreed": (
        "Die Verträge mit {from} gehen mit {to} weiter: {contracts}.",
        "The contracts with {from} go on with {to}: {contracts}.",
    ),
    "event.succession_declined": (
        "Die Verträge bleiben bei {from}; der Nachfolge von {to} ist nicht zugestimmt.",
        "The contracts stay with {from}; it was not agreed that {to} follows.",
    ),
    "event.contract_moved": (
        "Ein Vertrag mit {from} ist jetzt einer mit {to}.",
        "A contract with {from} is one with {to} now.",
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
