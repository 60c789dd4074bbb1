"""Sentences about rows as they come, subscriptions to them, and where they are put."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "live.watermark": (
        "Die Stelle, an der weitergelesen werden soll, ist keine, die dieser Knoten für diesen Vertrag genannt hat.",
        "The place from which to read on is none that this node has named for this contract.",
    ),
    "live.unwatchable": (
        "Diese Daten lassen sich nicht laufend beobachten; rufen Sie sie mit allmende get ab.",
        "These data cannot be watched as they come; fetch them with allmende get.",
    ),
    "live.done": (
        "Es kam alles, was verlangt war.",
        "All that was asked for has come.",
    ),
    "live.ended": (
        "Die Quelle hat aufgehört zu senden.",
        "The source has stopped sending.",
    ),
    "peer.not_live": (
        "Die Gegenstelle gibt diese Daten nicht laufend heraus.",
        "The peer does not give these data as they come.",
    ),
    "peer.ended": (
        "Die Gegenstelle hat aufgehört zu senden.",
        "The peer has stopped sending.",
    ),
    "subscription.sink": (
        "Dorthin kann nichts geschrieben werden ({into}): {problem}.",
        "Nothing can be put there ({into}): {problem}.",
    ),
    "subscription.many": (
        "Mehr als {most} Abonnements hält ein Knoten nicht. Entfernen Sie, was nicht mehr gebraucht wird.",
        "A node keeps no more than {most} subscriptions. Remove what is not needed any more.",
    ),
    "subscription.unknown": (
        "Ein Abonnement {id} gibt es nicht. Alle zeigt: allmende subscription list",
        "There is no subscription {id}. All of them: allmende subscription list",
    ),
    "subscription.state": (
        "Das geht nicht, so wie das Abonnement jetzt steht ({state}).",
        "That is not possible as the subscription stands now ({state}).",
    ),
    "subscription.failing": (
        "Ein Abonnement bekommt nichts ({cause}; {subscriptions} insgesamt). Ansehen: allmende subscription show {id}",
        "A subscription gets nothing ({cause}; {subscriptions} in all). Look: allmende subscription show {id}",
    ),
    "sink.unknown": (
        "Ein Ziel der Art {kind} kennt dieser Knoten nicht.",
        "This node knows no place of kind {kind} to put rows.",
    ),
    "sink.target": (
        "{into} ist kein Ziel. Es heißt ART:ZIEL, mit einer dieser Arten: {kinds}.",
        "{into} is no place to put rows. It is KIND:TARGET, with one of these kinds: {kinds}.",
    ),
    "sink.unreadable": (
        "Wie weit das Ziel ist, lässt sich dort nicht lesen.",
        "How far the place to put rows has got cannot be read there.",
    ),
    "sink.unwritable": (
        "Am Ziel lässt sich nicht schreiben. Sehen Sie nach Rechten und Platz.",
        "Nothing can be written at the place to put rows. Look at rights and room.",
    ),
    "sink.row": (
        "Eine Zeile hat keine Felder, aus denen ein Topic werden könnte.",
        "A row has no fields to make a topic of.",
    ),
    "sink.unreachable": (
        "Das Ziel ist nicht erreichbar ({cause}).",
        "The place to put rows cannot be reached ({cause}).",
    ),
    "sink.status": (
        "Das Ziel hat die Zeilen nicht angenommen (Status {status}).",
        "The place to put rows has not taken them (status {status}).",
    ),
    "source.spool": (
        "Der Knoten kann nicht behalten, was die Quelle sendet. Sehen Sie nach, ob noch Platz auf der Platte ist.",
        "The node cannot keep what the silo sends. See whether there is room on the disk.",
    ),
}
