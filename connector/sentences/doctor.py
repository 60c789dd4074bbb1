"""What the doctor finds, and the mend of each: `CODE` says what is the matter, `mend.CODE` what helps.

The road to a node (`reach.*`) is told by the node about itself and by a peer that was asked to call back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # the road
    "reach.name": (
        "Der Name {host} lässt sich nicht auflösen.",
        "The name {host} does not resolve.",
    ),
    "mend.reach.name": (
        "Tragen Sie {host} im DNS ein, mit der Adresse dieses Rechners oder seines Proxys.",
        "Enter {host} in the DNS with the address of this machine or of its proxy.",
    ),
    "reach.address": (
        "{host} führt zu {address}; dorthin verbindet sich dieser Knoten nicht.",
        "{host} leads to {address}, where this node does not connect to.",
    ),
    "mend.reach.address": (
        "Tragen Sie die öffentliche Adresse ein, oder lassen Sie in der Gegenstelle private Adressen zu (--private).",
        "Enter the public address, or let the peer allow private addresses (--private).",
    ),
    "reach.refused": (
        "{host} ({address}) nimmt auf Port {port} keine Verbindung an.",
        "{host} ({address}) takes no connection on port {port}.",
    ),
    "mend.reach.refused": (
        "Starten Sie Knoten und Proxy, und prüfen Sie, ob dort jemand auf Port {port} lauscht.",
        "Start the node and its proxy, and look whether anything listens on port {port} there.",
    ),
    "reach.silent": (
        "Von {host} ({address}) kommt auf Port {port} keine Antwort; das sieht nach einer Firewall aus.",
        "Nothing answers from {host} ({address}) on port {port}; this looks like a firewall.",
    ),
    "mend.reach.silent": (
        "Lassen Sie Port {port} in der Firewall und in der Weiterleitung des Routers durch. Aus dem eigenen Netz "
        "kann das täuschen: allmende doctor --from PEER",
        "Let port {port} through the firewall and the router's forwarding. From inside the own network this may "
        "deceive: allmende doctor --from PEER",
    ),
    "reach.route": (
        "Zu {host} ({address}) führt kein Weg ({problem}).",
        "There is no route to {host} ({address}): {problem}.",
    ),
    "mend.reach.route": (
        "Prüfen Sie Netz, Standardroute und die Adresse im DNS.",
        "Look at the network, its default route, and the address in the DNS.",
    ),
    "reach.tls": (
        "{host} Port {port} spricht kein brauchbares TLS ({problem}).",
        "{host} port {port} does not speak usable TLS ({problem}).",
    ),
    "mend.reach.tls": (
        "Richten Sie im Proxy oder unter [public] tls_certificate ein Zertifikat ein; nötig ist TLS 1.2 oder neuer.",
        "Set up a certificate in the proxy or under [public] tls_certificate; TLS 1.2 or newer is needed.",
    ),
    "reach.tls_expired": (
        "Das Zertifikat von {host} ist am {until} abgelaufen.",
        "The certificate of {host} expired on {until}.",
    ),
    "mend.reach.tls_expired": (
        "Erneuern Sie es, und prüfen Sie, warum die Erneuerung ausgeblieben ist; ein Neustart ist nicht nötig.",
        "Renew it, and find out why the renewal did not happen; no restart is needed.",
    ),
    "reach.tls_early": (
        "Das Zertifikat von {host} gilt erst ab {since}.",
        "The certificate of {host} is not valid before {since}.",
    ),
    "mend.reach.tls_early": (
        "Prüfen Sie die Uhr dieses Rechners und das Zertifikat.",
        "Look at this machine's clock and at the certificate.",
    ),
    "reach.tls_name": (
        "Das Zertifikat gilt für {names}, nicht für {host}.",
        "The certificate is made out to {names}, not to {host}.",
    ),
    "mend.reach.tls_name": (
        "Lassen Sie ein Zertifikat auf den Namen {host} ausstellen.",
        "Have a certificate issued for the name {host}.",
    ),
    "reach.tls_trust": (
        "Dem Zertifikat von {host} wird nicht vertraut ({problem}).",
        "The certificate of {host} is not trusted ({problem}).",
    ),
    "mend.reach.tls_trust": (
        "Liefern Sie die ganze Kette aus (fullchain.pem); eine eigene Stelle gehört überall unter [network] extra_ca.",
        "Serve the whole chain (fullchain.pem); an authority of your own belongs under [network] extra_ca everywhere.",
    ),
    "reach.tls_soon": (
        "Das Zertifikat von {host} läuft in {days} Tagen ab ({until}).",
        "The certificate of {host} expires in {days} days ({until}).",
    ),
    "mend.reach.tls_soon": (
        "Erneuern Sie es; der Knoten liest das neue von selbst.",
        "Renew it; the node reads the new one by itself.",
    ),
    "reach.redirect": (
        "{url} leitet nach {to} um; Umleitungen folgt kein Knoten.",
        "{url} redirects to {to}; no node follows redirects.",
    ),
    "mend.reach.redirect": (
        "Lassen Sie den Proxy die Anfrage selbst an den Knoten weitergeben.",
        "Let the proxy pass the request on to the node itself.",
    ),
    "reach.prefix": (
        "Der Proxy gibt {url} mit einem anderen Pfad an den Knoten weiter.",
        "The proxy passes {url} on to the node under another path.",
    ),
    "mend.reach.prefix": (
        "Der Pfad aus public_url muss unverändert ankommen: bei nginx proxy_pass ohne Pfad, bei Caddy handle statt "
        "handle_path.",
        "The path in public_url has to arrive unchanged: proxy_pass without a path in nginx, handle instead of "
        "handle_path in Caddy.",
    ),
    "reach.missing": (
        "Unter {url} antwortet etwas anderes als der Knoten (404).",
        "Something else than the node answers at {url} (404).",
    ),
    "mend.reach.missing": (
        "Lassen Sie den Proxy alles unter public_url, auch /.well-known, an den Knoten weitergeben.",
        "Let the proxy pass everything below public_url, /.well-known too, on to the node.",
    ),
    "reach.host": (
        "Bei {url} kommt ein anderer Rechnername an als der des Knotens (421).",
        "At {url} another host name arrives than the node's (421).",
    ),
    "mend.reach.host": (
        "Lassen Sie den Proxy das Feld Host weitergeben: bei nginx proxy_set_header Host $http_host;",
        "Let the proxy pass the Host field on: proxy_set_header Host $http_host; in nginx.",
    ),
    "reach.backend": (
        "Der Proxy vor {url} erreicht den Knoten nicht ({status}).",
        "The proxy before {url} does not reach the node ({status}).",
    ),
    "mend.reach.backend": (
        "Starten Sie den Knoten, und vergleichen Sie Adresse und Port im Proxy mit [public] host und port.",
        "Start the node, and compare address and port in the proxy with [public] host and port.",
    ),
    "reach.status": ("{url} antwortet mit {status} statt 200.", "{url} answers {status} instead of 200."),
    "mend.reach.status": (
        "Lassen Sie diese Adresse ohne Anmeldung zu, und sehen Sie im Log des Proxys nach.",
        "Let this address be read without a login, and look into the proxy's log.",
    ),
    "reach.answer": (
        "Von {url} kommt keine brauchbare Antwort ({cause}).",
        "No usable answer comes from {url} ({cause}).",
    ),
    "mend.reach.answer": (
        "Sehen Sie im Log des Knotens und des Proxys nach, was mit der Anfrage geschieht.",
        "Look into the logs of the node and the proxy for what becomes of the request.",
    ),
    "reach.body": (
        "Unter {url} steht kein lesbares Dokument eines Knotens.",
        "There is no readable document of a node at {url}.",
    ),
    "mend.reach.body": (
        "Dort antwortet vermutlich eine andere Seite; geben Sie den Pfad im Proxy an den Knoten weiter.",
        "Another site seems to answer there; pass the path on to the node in the proxy.",
    ),
    "reach.did": (
        "Unter {url} meldet sich {found} statt {wanted}.",
        "At {url} answers {found} instead of {wanted}.",
    ),
    "mend.reach.did": (
        "Vergleichen Sie public_url mit dem Knoten, an den der Proxy weitergibt.",
        "Compare public_url with the node that the proxy passes on to.",
    ),
    "reach.keys": (
        "Unter {url} stehen für {did} andere Schlüssel als die bekannten.",
        "At {url} stand other keys for {did} than the known ones.",
    ),
    "mend.reach.keys": (
        "Dort läuft ein anderer Knoten, oder seine Schlüssel wurden neu gemacht; nehmen Sie die aus der Sicherung.",
        "Another node runs there, or its keys were made anew; put back those from the backup.",
    ),
    # asking a peer
    "probe.unsupported": ("{peer} kann nicht zurückrufen.", "{peer} cannot call back."),
    "mend.probe.unsupported": ("Bitten Sie eine andere Gegenstelle.", "Ask another peer."),
    "probe.often": ("{peer} wurde eben erst gebeten.", "{peer} has just been asked."),
    "mend.probe.often": ("Warten Sie zehn Sekunden.", "Wait ten seconds."),
    "rate.exceeded": (
        "Zu viele Anfragen; in {seconds} Sekunden geht es weiter.",
        "Too many requests; there is room again in {seconds} seconds.",
    ),
    # what the own proxy does
    "doctor.authorization": (
        "Der Proxy vor {url} lässt das Feld Authorization nicht durch.",
        "The proxy before {url} does not let the Authorization field through.",
    ),
    "mend.doctor.authorization": (
        "Nehmen Sie Anmeldung und das Leeren von Authorization aus dem Proxy; der Knoten prüft selbst.",
        "Take logins and the clearing of Authorization out of the proxy; the node checks by itself.",
    ),
    "doctor.buffering": (
        "Der Proxy vor {url} sammelt Antworten, statt sie durchzureichen; Ströme und Abbrüche kommen zu spät an.",
        "The proxy before {url} gathers answers instead of passing them on; streams and their ends arrive late.",
    ),
    "mend.doctor.buffering": (
        "Schalten Sie das Puffern ab: bei nginx proxy_buffering off; bei Caddy flush_interval -1.",
        "Switch buffering off: proxy_buffering off; in nginx, flush_interval -1 in Caddy.",
    ),
    "doctor.management_exposed": (
        "Die Verwaltung des Knotens ist über {url} von außen erreichbar.",
        "The node's management API can be reached from outside at {url}.",
    ),
    "mend.doctor.management_exposed": (
        "Lassen Sie den Proxy nur zu [public] weitergeben, nie zum Port der Verwaltung.",
        "Let the proxy pass on to [public] only, never to the management port.",
    ),
    "doctor.management_open": (
        "Die Verwaltung lauscht auf {host}, also nicht nur auf diesem Rechner.",
        "The management API listens on {host}, which is not this machine alone.",
    ),
    "mend.doctor.management_open": (
        "Setzen Sie [management] host auf 127.0.0.1; von außen geht es über SSH.",
        "Set [management] host to 127.0.0.1; from outside use SSH.",
    ),
    "doctor.port_taken": (
        "Auf {host} Port {port} lauscht schon ein anderes Programm; der Knoten kann so nicht starten.",
        "Another program listens on {host} port {port} already; the node cannot start like this.",
    ),
    "mend.doctor.port_taken": (
        "Welches es ist, zeigt: ss -ltnp 'sport = :{port}'. Halten Sie es an, oder ändern Sie port in allmende.toml "
        "und danach die Einstellungen des Proxys.",
        "ss -ltnp 'sport = :{port}' shows which one. Stop it, or change port in allmende.toml and then the proxy's "
        "settings.",
    ),
    # the machine
    "doctor.python": ("Python {found} ist zu alt.", "Python {found} is too old."),
    "mend.doctor.python": ("Nötig ist {wanted} oder neuer.", "{wanted} or newer is needed."),
    "doctor.package": (
        "Das Paket {name} ist in Fassung {found} da; dieser Knoten braucht {wanted}.",
        "The package {name} is there in version {found}; this node needs {wanted}.",
    ),
    "mend.doctor.package": (
        'Installieren Sie die passende Fassung: pip install "{name}{wanted}"',
        'Install the version that fits: pip install "{name}{wanted}"',
    ),
    "doctor.file_mode": (
        "{path} ist für andere zugänglich (Modus {mode}).",
        "{path} is open to others (mode {mode}).",
    ),
    "mend.doctor.file_mode": ("chmod {want} {path}", "Run: chmod {want} {path}"),
    "doctor.file_owner": (
        "{path} gehört nicht dem Benutzer, unter dem der Knoten läuft ({owner} statt {want}).",
        "{path} does not belong to the user that runs the node ({owner} instead of {want}).",
    ),
    "mend.doctor.file_owner": ("chown {want} {path}", "Run: chown {want} {path}"),
    "doctor.disk_full": (
        "Auf dem Datenträger von {path} sind nur noch {free} MB frei.",
        "Only {free} MB are free on the disk of {path}.",
    ),
    "mend.doctor.disk_full": (
        "Schaffen Sie Platz oder vergrößern Sie den Datenträger; ohne Platz nimmt der Knoten nichts mehr an.",
        "Make room or enlarge the disk; without room the node accepts nothing more.",
    ),
    "doctor.inodes": (
        "Auf dem Datenträger von {path} lassen sich keine Dateien mehr anlegen ({free} Inodes frei).",
        "No more files can be made on the disk of {path} ({free} inodes free).",
    ),
    "mend.doctor.inodes": (
        "Löschen Sie viele kleine Dateien, etwa alte Sitzungen oder Caches.",
        "Delete many small files, old sessions or caches for example.",
    ),
    "doctor.disk_readonly": (
        "In {path} kann nicht geschrieben werden ({problem}).",
        "Nothing can be written in {path} ({problem}).",
    ),
    "mend.doctor.disk_readonly": (
        "Hängen Sie den Datenträger schreibbar ein; nach einem Fehler zuerst prüfen (dmesg, fsck).",
        "Mount the disk writable; after a fault check it first (dmesg, fsck).",
    ),
    "doctor.clock_back": (
        "Die Uhr geht nach: das Protokoll endet {seconds} s nach der jetzigen Uhrzeit ({last}).",
        "The clock is behind: the log ends {seconds} s after the present time ({last}).",
    ),
    "mend.doctor.clock_back": (
        "Stellen Sie die Uhr (timedatectl set-ntp true); bis dahin schlagen Anmeldungen fehl.",
        "Set the clock (timedatectl set-ntp true); until then callers are refused.",
    ),
    "doctor.clock_off": (
        "Die Uhr weicht um {seconds} s von der der Gegenstellen ab ({peers} gefragt).",
        "The clock differs from the peers' by {seconds} s ({peers} asked).",
    ),
    "mend.doctor.clock_off": (
        "Stellen Sie die Uhr (timedatectl set-ntp true); ab einer Minute werden Nachrichten abgewiesen.",
        "Set the clock (timedatectl set-ntp true); from a minute on messages are refused.",
    ),
    "doctor.lab": (
        "Dies ist ein Laborknoten ({url}), aber {peer} ist eine Gegenstelle im Netz.",
        "This is a laboratory node ({url}), but {peer} is a peer on the network.",
    ),
    "mend.doctor.lab": (
        "Für den Betrieb einen Knoten mit öffentlicher Adresse anlegen (allmende init); diese Identität bleibt Labor.",
        "For real use make a node with a public address (allmende init); this identity stays a laboratory one.",
    ),
    # certificate files
    "doctor.tls_missing": (
        "Die Datei {path} fehlt oder ist nicht lesbar.",
        "The file {path} is missing or unreadable.",
    ),
    "mend.doctor.tls_missing": (
        "Berichtigen Sie [public] tls_certificate und tls_key oder die Rechte der Dateien.",
        "Correct [public] tls_certificate and tls_key, or the files' permissions.",
    ),
    "doctor.tls_key": (
        "Der Schlüssel {key} gehört nicht zum Zertifikat {certificate}.",
        "The key {key} does not belong to the certificate {certificate}.",
    ),
    "mend.doctor.tls_key": (
        "Nehmen Sie beide aus derselben Ausstellung (fullchain.pem und privkey.pem).",
        "Take both from the same issue (fullchain.pem and privkey.pem).",
    ),
    "doctor.tls_content": (
        "{path} enthält kein Zertifikat oder keinen Schlüssel im PEM-Format.",
        "{path} holds no certificate or key in PEM form.",
    ),
    "mend.doctor.tls_content": (
        "Legen Sie die Dateien im PEM-Format ab, den Schlüssel ohne Passwort.",
        "Put the files there in PEM form, the key without a password.",
    ),
    # peers and witnesses
    "doctor.peer_keys": (
        "{peer} zeigt andere Schlüssel als die verglichenen.",
        "{peer} shows other keys than those that were compared.",
    ),
    "mend.doctor.peer_keys": (
        "Rufen Sie dort an und lassen Sie sich die Wörter vorlesen. Stimmen sie: allmende peer accept-keys {peer} "
        '--words "..."',
        "Telephone them and let them read their words to you. If they are right: allmende peer accept-keys {peer} "
        '--words "..."',
    ),
    "doctor.peer_gone": (
        "{peer} ist nicht erreichbar ({cause}).",
        "{peer} cannot be reached ({cause}).",
    ),
    "mend.doctor.peer_gone": (
        "Fragen Sie dort nach; Nachrichten warten solange.",
        "Ask them; messages wait meanwhile.",
    ),
    "doctor.witness_silent": (
        "{peer} sagt nicht, welchen Stand unseres Protokolls es kennt ({cause}).",
        "{peer} does not say which head of our log it keeps ({cause}).",
    ),
    "mend.doctor.witness_silent": (
        "Prüfen Sie, ob {peer} diesen Knoten als Gegenstelle führt (allmende peer list dort).",
        "Look whether {peer} has this node among its peers (allmende peer list there).",
    ),
    "doctor.rolled_back": (
        "{peer} kennt unser Protokoll mit {kept} Einträgen; hier sind es {found}. Die Datenbank ist älter als sie war.",
        "{peer} knows our log with {kept} entries; here are {found}. The database is older than it was.",
    ),
    "mend.doctor.rolled_back": (
        "Halten Sie den Knoten an und spielen Sie die neueste Sicherung mit allmende restore ein.",
        "Stop the node and put back the newest backup with allmende restore.",
    ),
    "doctor.rebuilt": (
        "{peer} kennt ein anderes Protokoll dieses Knotens ({kept} Einträge).",
        "{peer} knows another log of this node ({kept} entries).",
    ),
    "mend.doctor.rebuilt": (
        "Bewahren Sie das Verzeichnis auf und vergleichen Sie mit {peer}: allmende audit verify",
        "Keep the directory as it is and compare with {peer}: allmende audit verify",
    ),
    # work that does not go on
    "doctor.outbox": (
        "Für {peer} warten {waiting} Nachrichten, die älteste seit {hours} Stunden.",
        "{waiting} messages wait for {peer}, the oldest for {hours} hours.",
    ),
    "mend.doctor.outbox": (
        "Warum, zeigt allmende status; ist {peer} wieder da, geht es von selbst weiter.",
        "Why is shown by allmende status; when {peer} is back they go out by themselves.",
    ),
    "doctor.root_key": (
        "Der Schlüssel der Wurzel von {region} liegt auf diesem Rechner ({path}). Im Betrieb wird er nicht gebraucht; "
        "wer ihn stiehlt, kann sich als die Region ausgeben.",
        "The key of the root of {region} lies on this machine ({path}). It is not needed while the region runs; "
        "whoever steals it can pose as the region.",
    ),
    "mend.doctor.root_key": (
        "Kopieren Sie {path} zweimal auf Datenträger für den Tresor, prüfen Sie die Kopien, und löschen Sie die Datei.",
        "Copy {path} onto two media for a safe, check the copies, and delete the file.",
    ),
    "doctor.credential_missing": (
        "Dieser Knoten ist Mitglied von {region}, kann es aber nicht belegen: der Nachweis fehlt oder ist abgelaufen.",
        "This node is a member of {region} and cannot prove it: the credential is missing or has ended.",
    ),
    "mend.doctor.credential_missing": (
        "Neu erbitten: allmende credential request {name}. Lehnt die Region ab, bitten Sie sie um eine Einladung.",
        "Ask for it anew: allmende credential request {name}. If the region refuses, ask it for an invitation.",
    ),
    "doctor.credential_ends": (
        "Der Nachweis der Mitgliedschaft in {region} endet am {ends:time} und ist nicht erneuert.",
        "The credential of the membership in {region} ends on {ends:time} and has not been renewed.",
    ),
    "mend.doctor.credential_ends": (
        "Antwortet die Region? Neu erbitten: allmende credential request {name}",
        "Does the region answer? Ask for it anew: allmende credential request {name}",
    ),
    "doctor.description_missing": (
        "Dieser Knoten ist Mitglied einer Region und sagt nirgends, wer er ist.",
        "This node is a member of a region and says nowhere who it is.",
    ),
    "mend.doctor.description_missing": (
        "Veröffentlichen: allmende describe publish",
        "Publish it: allmende describe publish",
    ),
    "doctor.region_changed": (
        "{region} hat andere Schlüssel, und niemand bürgt dafür; ihre Mitglieder werden abgewiesen.",
        "{region} has other keys, and nobody vouches for them; its members are refused.",
    ),
    "mend.doctor.region_changed": (
        "Rufen Sie dort an und vergleichen Sie die Wörter: allmende peer accept-keys {name} --region",
        "Call them and compare the words: allmende peer accept-keys {name} --region",
    ),
    "doctor.region_silent": (
        "{region} antwortet nicht ({cause}); hält das an, werden ihre Mitglieder hier abgewiesen.",
        "{region} does not answer ({cause}); if that goes on, its members are refused here.",
    ),
    "mend.doctor.region_silent": (
        "Fragen Sie dort nach, ob der Knoten der Region läuft; was sie zuletzt gesagt hat, gilt noch eine Weile.",
        "Ask there whether the region's node runs; what it said last counts for a while.",
    ),
    "doctor.source": (
        "„{asset}“ kann nicht ausgeliefert werden: {problem}.",
        '"{asset}" cannot be served: {problem}.',
    ),
    "mend.doctor.source": (
        "Liegen die Daten noch dort, und darf der Benutzer des Knotens sie lesen? Sonst: allmende asset remove {asset}",
        "Are the data still there, and may the node's user read them? Else: allmende asset remove {asset}",
    ),
    "doctor.silent_node": (
        "Ein Knoten läuft auf {path}, aber seine Verwaltung antwortet nicht.",
        "A node runs on {path}, but its management API does not answer.",
    ),
    "mend.doctor.silent_node": (
        "Vergleichen Sie [management] port mit dem laufenden Knoten; sonst starten Sie ihn neu.",
        "Compare [management] port with the running node; else restart it.",
    ),
    # mends of what others find
    "mend.source.failing": (
        "Liegen die Daten noch dort, und darf der Benutzer des Knotens sie lesen? allmende asset list",
        "Are the data still there, and may the node's user read them? allmende asset list",
    ),
    "mend.config.missing": ("Legen Sie einen an: allmende init {path} ...", "Make one: allmende init {path} ..."),
    "mend.config.unreadable": ("Berichtigen Sie die Datei an dieser Stelle.", "Correct the file at this place."),
    "mend.config.wrong": ("Berichtigen Sie diese Zeilen in {path}.", "Correct these lines in {path}."),
    "mend.key.missing": (
        "Holen Sie die Schlüssel aus der Sicherung; neue machen den Knoten zu jemand anderem.",
        "Put the keys back from the backup; new ones would make the node somebody else.",
    ),
    "mend.key.unreadable": ("Berichtigen Sie die Rechte von {path}.", "Correct the permissions of {path}."),
    "mend.key.kind": ("Legen Sie den Schlüssel selbst dort ab.", "Put the key itself there."),
    "mend.key.owner": ("chown auf den Benutzer des Knotens: {path}", "Run chown to the node's user on {path}."),
    "mend.key.mode": ("chmod 600 {path}", "Run: chmod 600 {path}"),
    "mend.key.content": (
        "Holen Sie {path} aus der Sicherung.",
        "Put {path} back from the backup.",
    ),
    "mend.node.identity": (
        "Setzen Sie public_url zurück auf die Adresse, zu der {was} gehört.",
        "Set public_url back to the address that {was} belongs to.",
    ),
    "mend.store.suspect": (
        "Prüfen Sie den Datenträger (dmesg) und starten Sie den Knoten neu.",
        "Check the disk (dmesg) and restart the node.",
    ),
    "mend.store.full": (
        "Schaffen Sie Platz oder vergrößern Sie den Datenträger; danach geht es von selbst weiter.",
        "Make room or enlarge the disk; it goes on by itself then.",
    ),
    "mend.clock.behind": (
        "Stellen Sie die Uhr (timedatectl set-ntp true).",
        "Set the clock (timedatectl set-ntp true).",
    ),
    "mend.outbox.waiting": (
        "Welche und warum, zeigt allmende status; es geht von selbst weiter, wenn sie antworten.",
        "Which and why is shown by allmende status; it goes on by itself when they answer.",
    ),
    "mend.node.restored": (
        "Warten Sie, bis alle Gegenstellen geantwortet haben: allmende audit reconcile PEER",
        "Wait until all peers have answered: allmende audit reconcile PEER",
    ),
    "mend.store.damaged": (
        "Verzeichnis aufheben, dann die neueste Sicherung einspielen: allmende restore",
        "Keep the directory, then put back the newest backup: allmende restore",
    ),
    "mend.store.newer": (
        "Starten Sie die neuere Fassung des Programms, oder spielen Sie eine ältere Sicherung ein.",
        "Start the newer version of the program, or put back an older backup.",
    ),
    "mend.store.unreadable": (
        "Spielen Sie die neueste Sicherung ein: allmende restore",
        "Put back the newest backup: allmende restore",
    ),
    "mend.store.log_damaged": (
        "Verzeichnis aufheben und mit den Gegenstellen vergleichen: allmende audit verify",
        "Keep the directory as it is and compare with the peers: allmende audit verify",
    ),
    "mend.audit.leaf": (
        "Verzeichnis aufheben; den unveränderten Eintrag hat die Sicherung: allmende restore",
        "Keep the directory as it is; the backup has the unchanged entry: allmende restore",
    ),
    "mend.audit.signature": (
        "Gehören Schlüssel und Datenbank zusammen? Nehmen Sie beide aus derselben Sicherung.",
        "Do keys and database belong together? Take both from the same backup.",
    ),
}
