"""This node: settings, keys, store."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "outbox.full": (
        "Für diese Gegenstelle warten schon {limit} Nachrichten; nichts wurde verändert.",
        "{limit} messages wait for this peer already; nothing was changed.",
    ),
    "outbox.waiting": (
        "Nachrichten warten auf Gegenstellen, die nicht antworten ({peers}).",
        "Messages wait for peers that do not answer ({peers}).",
    ),
    "worker.down": (
        "Von {of} Prozessen, die Daten senden, nehmen {count} keine Anfragen an; sie werden neu gestartet.",
        "Of {of} processes that send data {count} take no requests; they are being started again.",
    ),
    "worker.gone": (
        "Der Prozess, der die Daten gesendet hat, ist weggefallen.",
        "The process that sent the data has gone.",
    ),
    "workers.socket": (
        "Mehrere Prozesse teilen sich einen Port, keinen Unix-Socket ({socket}): [public] socket herausnehmen "
        "oder ohne --workers starten.",
        "Several processes share a port, not a Unix socket ({socket}): take [public] socket out, "
        "or start without --workers.",
    ),
    "workers.mutual_tls": (
        "Zertifikate von Gegenstellen prüft nur der Prozess, der sie selbst annimmt: [trust] mutual_tls ausschalten "
        "oder ohne --workers starten.",
        "Certificates of peers are checked only by the process that takes them itself: switch [trust] mutual_tls off, "
        "or start without --workers.",
    ),
    "store.io": (
        "Der Datenträger hat einen Fehler gemeldet; es ist ungewiss, was er behalten hat.",
        "The disk has reported an error; what it has kept is uncertain.",
    ),
    "store.read_only": (
        "Der Speicher kann nur gelesen werden; prüfen Sie Rechte und Datenträger.",
        "The store can only be read; check its permissions and the disk.",
    ),
    "store.failed": ("Der Speicher hat nicht geantwortet.", "The store did not answer."),
    "store.busy": (
        "Der Speicher ist ausgelastet; nichts wurde verändert.",
        "The store is busy; nothing was changed.",
    ),
    "store.closed": ("Der Knoten wird gerade beendet.", "The node is shutting down."),
    "store.locked": (
        "Auf diesem Verzeichnis läuft schon ein anderer Knoten.",
        "Another node runs on this directory already.",
    ),
    "store.no_directory": ("Das Verzeichnis des Knotens ist nicht benutzbar.", "The node's directory cannot be used."),
    "store.damaged": (
        "Der Speicher ist beschädigt und bleibt, wie er ist. Stellen Sie ihn aus einer Sicherung wieder her: "
        "allmende restore DATEI VERZEICHNIS",
        "The store is damaged and was left as it is. Restore it from a backup: allmende restore FILE DIR",
    ),
    "store.full": (
        "Auf dem Datenträger ist kein Platz mehr: Gelesen wird weiter, angenommen wird erst wieder, wenn Platz ist.",
        "There is no room left on the disk: reading goes on, nothing is accepted until there is room again.",
    ),
    "store.newer": (
        "Der Speicher gehört zu einer neueren Fassung des Programms ({found}).",
        "The store belongs to a newer version of the program ({found}).",
    ),
    "store.suspect": (
        "Ein Schreibvorgang ist fehlgeschlagen ({cause}); bis zu einem Neustart wird nichts mehr angenommen.",
        "A write has failed ({cause}); nothing more is accepted until a restart.",
    ),
    "store.unreadable": ("Ein gespeicherter Eintrag ist nicht lesbar.", "A stored record cannot be read."),
    "store.log_gap": ("Im Protokoll fehlen Einträge.", "Entries are missing from the log."),
    "store.log_damaged": (
        "Das Protokoll passt nicht zu seinem unterschriebenen Stand.",
        "The log does not match its signed head.",
    ),
    "store.tokens_full": (
        "Es sind zu viele Nachrichten zugleich im Umlauf ({limit}); bitte später wieder.",
        "Too many messages are about at once ({limit}); try again later.",
    ),
    "clock.behind": (
        "Die Uhr geht nach: Bis {until} (UTC) werden Nachrichten abgewiesen, weil sie sich wiederholen könnten.",
        "The clock is behind: until {until} (UTC) messages are refused, because they might be repeats.",
    ),
    "node.closing": ("Der Knoten wird gerade beendet.", "The node is shutting down."),
    "unavailable": ("Gerade nicht verfügbar; bitte später wieder.", "Not available just now; try again later."),
    "internal": (
        "Unerwarteter Fehler. Im Log des Knotens steht er unter {correlation}.",
        "Unexpected failure. The node's log has it under {correlation}.",
    ),
    "internal.answer": (
        "Die eigene Antwort verletzt das Protokoll ({code}) und wird nicht gesendet.",
        "This node's own answer breaks the protocol ({code}) and is not sent.",
    ),
    "node.identity": (
        "Dieser Knoten war bisher {was}; mit dieser Adresse wäre er {now}. Die Adresse darf sich nie ändern.",
        "This node has been {was}; with this address it would be {now}. The address must never change.",
    ),
    "node.address": (
        "Aus {url} lässt sich keine Identität machen ({problem}); nötig ist ein Rechnername in ASCII.",
        "No identity can be made from {url} ({problem}); it needs a host name in ASCII letters.",
    ),
    "node.loopback": (
        "{url} ist nur auf diesem Rechner erreichbar, und die Identität daraus wäre dauerhaft; nur für ein Labor.",
        "{url} is reachable on this machine only, and the identity made from it would be permanent; for a lab only.",
    ),
    "node.exists": (
        "Unter {path} gibt es schon einen Knoten.",
        "There is a node at {path} already.",
    ),
    "key.missing": ("Die Schlüsseldatei {path} fehlt.", "The key file {path} is missing."),
    "key.unreadable": ("Die Schlüsseldatei {path} ist nicht lesbar.", "The key file {path} cannot be read."),
    "key.kind": ("{path} ist keine gewöhnliche Datei.", "{path} is no plain file."),
    "key.owner": ("Die Schlüsseldatei {path} gehört jemand anderem.", "The key file {path} belongs to somebody else."),
    "key.mode": (
        "Die Schlüsseldatei {path} ist für andere lesbar; nötig ist Modus 0600.",
        "The key file {path} can be read by others; mode 0600 is needed.",
    ),
    "key.content": (
        "Die Schlüsseldatei {path} enthält keinen brauchbaren Schlüssel.",
        "The key file {path} holds no usable key.",
    ),
    "listen.plain": (
        "Ohne TLS wird nur auf dem eigenen Rechner gelauscht, nicht auf {host}.",
        "Without TLS only this machine's loopback is listened on, not {host}.",
    ),
    "listen.address": (
        "Auf {host} Port {port} kann nicht gelauscht werden ({problem}).",
        "Cannot listen on {host} port {port} ({problem}).",
    ),
    f"listen.address.problem.{os.strerror(errno.EADDRINUSE)}": (
        "Dort lauscht schon ein anderes Programm; welches, zeigt: ss -ltnp",
        "Another program listens there already; ss -ltnp shows which one.",
    ),
    "tls.unreadable": (
        "Zertifikat und Schlüssel sind nicht lesbar oder passen nicht zueinander.",
        "Certificate and key cannot be read, or do not fit together.",
    ),
    "proxy.own_tls": (
        "Dieser Knoten beendet TLS selbst. Soll das ein Proxy tun, nehmen Sie tls_certificate und tls_key "
        "aus [public].",
        "This node ends TLS itself. For a proxy to do it, take tls_certificate and tls_key out of [public].",
    ),
    "proxy.plain": (
        "{url} ist keine https-Adresse; davor gibt es für einen Proxy nichts zu tun.",
        "{url} is no https address; there is nothing for a proxy to do in front of it.",
    ),
    "proxy.value": (
        "„{value}“ ({name}) lässt sich nicht unverändert in eine Konfiguration schreiben.",
        '"{value}" ({name}) cannot be written into a configuration as it is.',
    ),
    "tls.kept": (
        "Das erneuerte Zertifikat ist nicht lesbar oder passt nicht zu seinem Schlüssel; das bisherige gilt weiter.",
        "The renewed certificate cannot be read or does not fit its key; the former one is still served.",
    ),
    "config.missing": ("Es gibt keine Einstellungen unter {path}.", "There are no settings at {path}."),
    "config.unreadable": ("Die Einstellungen in {path} sind nicht lesbar.", "The settings in {path} cannot be read."),
    "config.wrong": ("Einstellungen sind falsch: {problems}", "Settings are wrong: {problems}"),
}
