"""What has happened, for people. Fields are names of peers and assets, numbers and codes; never people's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    "event.asked": ("{peer} fragt nach „{asset}“.", '{peer} asks for "{asset}".'),
    "event.offered": ("{peer} bietet „{asset}“ an.", '{peer} offers "{asset}".'),
    "event.concluded": (
        "Mit {peer} ist ein Vertrag über „{asset}“ geschlossen.",
        'A contract about "{asset}" has been concluded with {peer}.',
    ),
    "event.negotiation_ended": (
        "Die Verhandlung mit {peer} über „{asset}“ ist ohne Vertrag beendet.",
        'The negotiation with {peer} about "{asset}" has ended without a contract.',
    ),
    "event.negotiation_refused": (
        "{peer} hat eine Nachricht der Verhandlung über „{asset}“ endgültig abgelehnt, oder sie kam nie an.",
        'A message of the negotiation about "{asset}" was refused by {peer} for good, or never got there.',
    ),
    "event.approval_asked": (
        "Eine Entscheidung wird gebraucht: {peer}, „{asset}“.",
        'A decision is needed: {peer}, "{asset}".',
    ),
    "event.approval_reminded": (
        "Die Entscheidung über „{asset}“ ({peer}) steht noch aus; die Frist läuft.",
        'The decision about "{asset}" ({peer}) is still open; its time is running out.',
    ),
    "event.approval_late": (
        "Über „{asset}“ ({peer}) ist nicht rechtzeitig entschieden worden.",
        'Nobody decided about "{asset}" ({peer}) in time.',
    ),
    "event.approval_given": ("„{asset}“ für {peer} ist freigegeben.", '"{asset}" has been approved for {peer}.'),
    "event.approval_declined": ("„{asset}“ für {peer} ist abgelehnt.", '"{asset}" has been declined for {peer}.'),
    "event.end_proposed": (
        "{peer} schlägt vor, den Vertrag über „{asset}“ zu beenden.",
        '{peer} proposes to end the contract about "{asset}".',
    ),
    "event.end_declined": (
        "{peer} will den Vertrag über „{asset}“ nicht beenden.",
        '{peer} does not want to end the contract about "{asset}".',
    ),
    "event.end_refused": (
        "{peer} erkennt das Ende des Vertrags über „{asset}“ nicht an, oder die Nachricht kam nie an.",
        'The end of the contract about "{asset}" is not acknowledged by {peer}, or the message never got there.',
    ),
    "event.contract_ends": (
        "Der Vertrag mit {peer} über „{asset}“ endet: {ends:end}.",
        'The contract with {peer} about "{asset}" ends: {ends:end}.',
    ),
    "event.contract_ended": (
        "Der Vertrag mit {peer} über „{asset}“ ist zu Ende.",
        'The contract with {peer} about "{asset}" has ended.',
    ),
    "event.contract_warning": (
        "Der Vertrag mit {peer} über „{asset}“ endet in {days} Tagen ({ends:end}).",
        'The contract with {peer} about "{asset}" ends in {days} days ({ends:end}).',
    ),
    "event.contract_held": (
        "Der Vertrag mit {peer} über „{asset}“ ruht: Daten fließen erst wieder nach Freigabe.",
        'The contract with {peer} about "{asset}" is held: no data flow until it is released.',
    ),
    "event.contract_released": (
        "Der Vertrag mit {peer} über „{asset}“ ist wieder freigegeben.",
        'The contract with {peer} about "{asset}" has been released.',
    ),
    "event.contract_reinstated": (
        "Ein Vertrag mit {peer} über „{asset}“ kam von dort zurück; er ruht, bis ihn jemand freigibt.",
        'A contract with {peer} about "{asset}" came back from there; it is held until somebody releases it.',
    ),
    "event.frame_added": ("Der Rahmenvertrag {frame} ist eingetragen.", "The frame contract {frame} has been entered."),
    "event.frame_retired": (
        "Der Rahmenvertrag {frame} gilt nicht mehr.",
        "The frame contract {frame} has been retired.",
    ),
    "event.transfer_suspended": (
        "{peer} hat die Übertragung von „{asset}“ angehalten.",
        '{peer} has suspended the transfer of "{asset}".',
    ),
    "event.transfer_ended": (
        "{peer} hat die Übertragung von „{asset}“ abgebrochen.",
        '{peer} has ended the transfer of "{asset}".',
    ),
    "event.transfer_refused": (
        "{peer} hat eine Nachricht zur Übertragung von „{asset}“ abgelehnt, oder sie kam nie an.",
        'A message about the transfer of "{asset}" was refused by {peer}, or never got there.',
    ),
    "event.access_refused": (
        "{peer} wurde ein Zugriff auf „{asset}“ verweigert.",
        '{peer} was refused an access to "{asset}".',
    ),
    "event.access_unserved": (
        "„{asset}“ konnte {peer} nicht ausgeliefert werden; bitte die Datenquelle prüfen.",
        '"{asset}" could not be served to {peer}; please look at the source.',
    ),
    "event.access_cut": (
        "Eine laufende Übertragung von „{asset}“ an {peer} wurde abgebrochen.",
        'A running stream of "{asset}" to {peer} was cut.',
    ),
    "event.data_refused": ("{peer} gibt „{asset}“ nicht heraus.", '{peer} does not hand out "{asset}".'),
    "event.peer_added": ("{peer} ist als Gegenstelle eingetragen.", "{peer} has been added as a peer."),
    "event.harvest_failed": (
        "Das Portal {harvest} war nicht ganz zu lesen; was da ist, bleibt. Warum: allmende catalog harvest list",
        "The portal {harvest} could not be read to its end; what is there stays. Why: allmende catalog harvest list",
    ),
    "event.peer_removed": ("{peer} ist keine Gegenstelle mehr.", "{peer} is no peer any more."),
    "event.peer_barred": (
        "{peer} bleibt draußen, bis es wieder eingetragen wird.",
        "{peer} stays out until it is added again.",
    ),
    "event.peer_let_in": (
        "{peer} war draußen und ist wieder zugelassen.",
        "{peer} had been kept out and is let in again.",
    ),
    "event.account_added": (
        "Ein Zugang zur Verwaltung wurde angelegt (Rolle {role}).",
        "An account for the management API was made (role {role}).",
    ),
    "event.account_removed": (
        "Ein Zugang zur Verwaltung wurde entzogen (Rolle {role}).",
        "An account for the management API was taken away (role {role}).",
    ),
    "event.head_conflict": (
        "Das Protokoll und der Stand bei {peer} widersprechen sich. Lassen Sie das Verzeichnis, wie es ist: "
        "allmende audit verify",
        "The log contradicts what {peer} keeps of it. Keep the directory as it is: allmende audit verify",
    ),
    "event.head_generation": (
        "Das Protokoll von {peer} geht nach einer Wiederherstellung in einer neuen Generation weiter.",
        "The log of {peer} goes on in a new generation after a restore.",
    ),
    "event.peer_restored": (
        "{peer} wurde aus einer Sicherung wiederhergestellt; Gemeinsames wird abgeglichen.",
        "{peer} was restored from a backup; what is shared with it is being reconciled.",
    ),
    "event.reconciled": ("Der Abgleich mit {peer} ist fertig.", "The reconciliation with {peer} is done."),
    "event.reconcile_differs": (
        "Beim Abgleich mit {peer} passt etwas nicht zusammen ({code}). Ansehen: allmende audit log",
        "The reconciliation with {peer} found a difference ({code}). Look: allmende audit log",
    ),
    "event.reconcile_differs.code.reconcile.unknown_here": (
        "Die Gegenstelle hat einen Vertrag, den es hier nicht gibt.",
        "The peer has a contract that is not known here.",
    ),
    "event.reconcile_differs.code.reconcile.unknown_there": (
        "Ein Vertrag, der hier gilt, ist der Gegenstelle nicht bekannt.",
        "A contract that is in force here is not known to the peer.",
    ),
    "event.reconcile_differs.code.reconcile.other_terms": (
        "Ein Vertrag hat dort andere Bedingungen als hier.",
        "A contract has other terms there than here.",
    ),
    "event.key_destroyed": (
        "Ein Schlüssel wurde vernichtet und darf nie wieder gelten.",
        "A key was destroyed and must never count again.",
    ),
    "event.restored": (
        "Dieser Knoten wurde aus einer Sicherung wiederhergestellt; {held} Verträge ruhen, bis sie jemand freigibt.",
        "This node was restored from a backup; {held} contracts are held until somebody releases them.",
    ),
    "event.offer_published": ("„{asset}“ wird angeboten.", '"{asset}" is offered.'),
    "event.offer_retired": ("„{asset}“ wird nicht mehr angeboten.", '"{asset}" is offered no more.'),
    "event.policy_drafted": (
        "Die Nutzungsregel {policy} ist entworfen und wartet auf Zustimmung.",
        "The policy {policy} is drafted and waits to be approved.",
    ),
    "event.policy_approved": ("Der Nutzungsregel {policy} wurde zugestimmt.", "The policy {policy} was approved."),
    "event.policy_signed": ("Die Nutzungsregel {policy} ist unterschrieben.", "The policy {policy} is signed."),
    "event.policy_retired": ("Die Nutzungsregel {policy} ist zurückgezogen.", "The policy {policy} is retired."),
    "event.statement_made": (
        "Festgestellt ist: {operand} ist {values}; danach wird von nun an entschieden.",
        "It is stated that {operand} is {values}; from now on that decides.",
    ),
    "event.statement_withdrawn": (
        "Über {operand} ist nichts mehr festgestellt.",
        "Nothing is stated about {operand} any more.",
    ),
    # telling people
    "notify.failing": (
        "Benachrichtigungen kommen nicht an ({channel}: {cause}).",
        "Notifications do not get through ({channel}: {cause}).",
    ),
    "mend.notify.failing": (
        "Prüfen Sie [notify] in den Einstellungen; was geschieht, wird nachgeliefert.",
        "Look at [notify] in the settings; what happens meanwhile is told later.",
    ),
    "notify.mail": ("Der Mailserver nimmt nichts an ({cause}).", "The mail server takes nothing ({cause})."),
    "notify.password": ("Die Datei mit dem Passwort ist nicht lesbar.", "The file with the password cannot be read."),
    "notify.secret": (
        "Die Datei mit dem Geheimnis für den Webhook ist nicht lesbar oder kürzer als 16 Zeichen.",
        "The file with the webhook's secret cannot be read, or is shorter than 16 characters.",
    ),
    "notify.status": ("Der Webhook antwortet mit {status}.", "The webhook answers {status}."),
    "notify.subject": ("[Allmende] {host}: {lines} Meldungen", "[Allmende] {host}: {lines} messages"),
    "notify.subject_alarm": ("[Allmende] {host}: DRINGEND", "[Allmende] {host}: URGENT"),
    "notify.more": ("Dazu {more} weitere: allmende watch-events", "And {more} more: allmende watch-events"),
    "notify.foot": (
        "Vom Knoten {node}, Einträge {first} bis {last} des Protokolls. Ansehen: allmende audit log --after {after}",
        "From the node {node}, entries {first} to {last} of its log. Look: allmende audit log --after {after}",
    ),
}
