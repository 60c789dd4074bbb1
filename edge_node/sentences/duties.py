"""What is done before readings are stored and when they leave: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "duty.file": (
        "Die Datei {file} mit der Regel für die Erhebung lässt sich nicht lesen. "
        "Von der Reihe wird nichts gespeichert.",
        "The file {file} with the policy for collection cannot be read. Nothing of the series is stored.",
    ),
    "duty.long": (
        "Die Regel für die Erhebung verlangt mehr, als sich mit den Messwerten mitteilen lässt. "
        "Von der Reihe wird nichts gespeichert.",
        "The policy for collection demands more than can be told with the readings. Nothing of the series is stored.",
    ),
    "duty.memory": (
        "Der Schritt {step} braucht ein Gedächtnis dessen, was schon gesagt wurde; ein Gerät hat keines. "
        "Von der Reihe wird nichts gespeichert.",
        "The step {step} needs a memory of what was told before, which a device does not have. "
        "Nothing of the series is stored.",
    ),
    "duty.none": (
        "Die Regel für die Erhebung enthält keine Pflicht, der bei der Erhebung zu folgen wäre. "
        "Von der Reihe wird nichts gespeichert.",
        "The policy for collection has no duty that could be followed there. Nothing of the series is stored.",
    ),
    "duty.unknown": (
        "Was der Knoten für die Erhebung verlangt hat, ist verloren gegangen. Bis er es wieder sagt, wird nichts "
        "gespeichert.",
        "What the node has ordered for collection was lost. Nothing is stored until it says so again.",
    ),
    "leaving.collection": (
        "Der Vertrag verlangt den Schritt {step} so, wie er nur vor dem Speichern getan werden kann; "
        "dort ist er nicht genau so getan worden.",
        "The contract demands the step {step} in a way that is only possible before readings are stored; "
        "it was not done just so there.",
    ),
    "leaving.done": (
        "Was vor dem Speichern mit den Messwerten getan wurde, lässt sich nicht mehr lesen.",
        "What was done to the readings before they were stored cannot be read any more.",
    ),
    "treat.delay": (
        "Eine Verzögerung richtet sich nach dem Zeitpunkt der Messung (at) und nicht nach dem Feld {field}.",
        "A delay goes by the time of the reading (at), not by the field {field}.",
    ),
    "treat.filter": (
        "Nach dem Zeitpunkt einer Messung ({field}) filtert ein Gerät nicht.",
        "A device does not filter by the time of a reading ({field}).",
    ),
    "treat.kind": (
        "Mit Werten von der Art, wie sie in {field} stehen, lässt sich dieser Schritt nicht tun.",
        "This step cannot be done to values of the kind that {field} has.",
    ),
    "treat.step": (
        "Der Schritt {step} lässt sich nicht mit einzelnen Messwerten tun.",
        "The step {step} cannot be done to single readings.",
    ),
    "treat.time": (
        "Einer Messung kann ihr Zeitpunkt ({field}) nicht genommen werden, nur gröber darf er werden.",
        "A reading cannot be without its time ({field}); it can only be made coarser.",
    ),
    "windows.endless": (
        "Statistiken entstehen auf dem Gerät nur über Zeitfenster: at muss vergröbert und unter den Gruppen sein.",
        "A device makes statistics over windows of time alone: at has to be coarsened, and one of the groups.",
    ),
    "windows.full": (
        "Es sind schon {limit} Zeitfenster offen; mehr hält das Gerät nicht im Speicher.",
        "There are {limit} windows open already; the device holds no more in memory.",
    ),
    "windows.kind": ("{field} ist keine Zahl.", "{field} is no number."),
    "windows.memory": (
        "Offene Zeitfenster lassen sich nicht in das Verzeichnis im Arbeitsspeicher schreiben.",
        "Open windows cannot be written to the directory that is memory.",
    ),
}
