"""What a node has told its device, and what follows: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "clock.unsure": (
        "Die Uhr des Geräts ist seit dem Start nicht gestellt worden; ohne Zeit entscheidet es nichts.",
        "The clock of the device has not been set since it started; without the time it decides nothing.",
    ),
    "contract.expired": ("Der Vertrag ist abgelaufen ({until}).", "The contract has expired ({until})."),
    "delivery.suspended": ("Die Lieferung ruht.", "The delivery is suspended."),
    "delivery.target": (
        "Der Vertrag spricht von mehreren Daten oder von keinen.",
        "The contract speaks of several data, or of none.",
    ),
    "delivery.uncounted": (
        "Der Vertrag zählt Nutzungen, und der Knoten hat für diese Lieferung keine gezählt.",
        "The contract counts uses, and the node has drawn none for this delivery.",
    ),
    "orders.disk": (
        "Die Anweisungen lassen sich nicht im Verzeichnis des Geräts speichern.",
        "The orders cannot be kept in the device's directory.",
    ),
    "orders.form": (
        "Die Anweisungen des Knotens lassen sich nicht lesen.",
        "The orders of the node cannot be read.",
    ),
    "orders.old": (
        "Die Anweisungen mit der Nummer {number} sind älter als die bekannten mit der Nummer {known}.",
        "The orders with the number {number} are older than the known ones with the number {known}.",
    ),
    "orders.retired": ("Das Gerät ist außer Dienst.", "The device is retired."),
    "orders.seal": (
        "Die Anweisungen sind nicht vom Knoten des Geräts unterschrieben ({why}).",
        "The orders are not signed by the node of the device ({why}).",
    ),
    "orders.stale": (
        "Die Anweisungen vom {issued} gelten nur {seconds} Sekunden; der Knoten war seither nicht zu erreichen.",
        "The orders of {issued} hold for {seconds} seconds only; the node could not be reached since.",
    ),
    "orders.stranger": (
        "Die Anweisungen sind von {node} an {device} und nicht für dieses Gerät.",
        "The orders are from {node} to {device} and not for this device.",
    ),
    "policy.failed": (
        "Die Bedingungen ließen sich nicht auswerten; deshalb geht nichts hinaus.",
        "The terms could not be evaluated; nothing leaves because of that.",
    ),
    "policy.refused": ("Die Bedingungen erlauben diesen Zugriff nicht.", "The terms do not permit this access."),
    "status.missing": (
        "Ob die Nachweise des Empfängers noch gelten, lässt sich nicht sagen: Die Liste {list} fehlt.",
        "Whether the consumer's credentials still stand cannot be said: the list {list} is not there.",
    ),
    "status.revoked": (
        "Ein Nachweis des Empfängers ist widerrufen (Liste {list}).",
        "A credential of the consumer is revoked (list {list}).",
    ),
    "status.stale": (
        "Ob die Nachweise des Empfängers noch gelten, lässt sich nicht mehr sagen: Die Liste {list} ist vom {seen}.",
        "Whether the consumer's credentials still stand cannot be said any more: the list {list} is of {seen}.",
    ),
    "status.unreadable": (
        "Die Liste {list}, in der stünde, ob die Nachweise des Empfängers noch gelten, ist nicht zu lesen.",
        "The list {list}, which would say whether the consumer's credentials still stand, cannot be read.",
    ),
    "orders.unanswered": (
        "Der Knoten beantwortet die Frage nach Aufträgen nicht wie vereinbart (Status {status}). Es fragt weiter.",
        "The node does not answer the question for orders as agreed (status {status}). The device goes on asking.",
    ),
    "orders.unknown": (
        "Der Knoten erkennt das Gerät nicht an. Stimmt die Uhr, und gibt es das Gerät dort noch (allmende edge fleet "
        "list)?",
        "The node does not accept this device's proof. Is the clock right, and does the node still know the device "
        "(allmende edge fleet list)?",
    ),
    "orders.unwelcome": (
        "Der Knoten will von dem Gerät nichts wissen (Status {status}). Wurde es gesperrt oder außer Dienst gestellt?",
        "The node turns the device away (status {status}). Was it suspended or retired?",
    ),
}
