"""Descriptions of participants, their nodes and data: what is missing, what is wrong with those of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

_HELP: Final[Mapping[str, Both]] = {
    "gx:countryCode": (
        "Das Land der Anschrift, zum Beispiel DE: allmende describe set --country DE",
        "The country of the address, such as DE: allmende describe set --country DE",
    ),
    "vcard:region": (
        "Die Region der Anschrift nach NUTS 2, zum Beispiel DED2: allmende describe set --region DED2",
        "The region of the address as NUTS 2, such as DED2: allmende describe set --region DED2",
    ),
    "gx:local": (
        "Der amtliche Gemeindeschlüssel (AGS mit 8, ARS mit 12 Ziffern): allmende describe set --number 14628110",
        "The official municipality key (AGS of 8, ARS of 12 digits): allmende describe set --number 14628110",
    ),
    "gx:vatID": (
        "Die Umsatzsteuer-Identifikationsnummer: allmende describe set --register vat --number DE...",
        "The VAT number: allmende describe set --register vat --number DE...",
    ),
    "gx:registrationNumber": (
        "Die Nummer, unter der die Stelle registriert ist: allmende describe set --number ...",
        "The number under which the body is registered: allmende describe set --number ...",
    ),
    "gx:legalAddress": ("Der Sitz der Stelle.", "The legal address of the body."),
    "gx:headquartersAddress": ("Die Anschrift der Hauptverwaltung.", "The address of the headquarters."),
    "gx:providedBy": ("Wer den Dienst anbietet.", "Who provides the service."),
    "gx:gaiaxTermsAndConditions": (
        "Die Zustimmung zu den Bedingungen von Gaia-X.",
        "The agreement to the terms of Gaia-X.",
    ),
    "gx:digitalServiceOfferingName": ("Der Titel des Datenbestands.", "The title of the dataset."),
}
_CODES: Final = ("missing", "several", "unknown", "value", "twice")

TEMPLATES: Final[Mapping[str, Both]] = {
    # what the rules find
    "description.missing": ("In der Beschreibung fehlt {term} ({about}).", "The description lacks {term} ({about})."),
    "description.several": (
        "In der Beschreibung steht {term} ({about}) mehrmals; erlaubt ist ein Wert.",
        "The description has {term} ({about}) several times; one value is allowed.",
    ),
    "description.unknown": (
        "In der Beschreibung steht {term}, das es bei {about} nicht gibt.",
        "The description has {term}, which {about} does not know.",
    ),
    "description.value": (
        "In der Beschreibung hat {term} ({about}) einen Wert, der dort nicht stehen darf, oder verweist ins Leere.",
        "The description has a value at {term} ({about}) that may not stand there, or that leads nowhere.",
    ),
    "description.class": (
        "Die Beschreibung enthält etwas der Art {about}; solche Teile kann dieses Programm nicht beurteilen.",
        "The description holds something of the kind {about}, which this program cannot judge.",
    ),
    "description.twice": (
        "Derselbe Teil der Beschreibung steht an zwei Stellen ({place}).",
        "The same part of the description stands in two places ({place}).",
    ),
    "description.large": ("Die Beschreibung ist zu groß.", "The description is too large."),
    **{f"description.{code}.term.{term}": both for code in _CODES for term, both in _HELP.items()},
    # our own
    "description.register": (
        "Ein Register „{register}“ gibt es nicht. Möglich sind: {known}.",
        'There is no register "{register}". Possible are: {known}.',
    ),
    "description.terms": (
        "Zu eigenen Nutzungsbedingungen gehören beide: --terms mit der Adresse und --terms-hash mit SHA-256.",
        "Terms of your own need both: --terms with the address and --terms-hash with the SHA-256.",
    ),
    "description.incomplete": (
        "Die Beschreibung ist unvollständig ({count} Stellen, zuerst {first}). Was fehlt: allmende describe check",
        "The description is incomplete ({count} places, first {first}). What is missing: allmende describe check",
    ),
    "description.not_published": (
        "Es sind keine Beschreibungen veröffentlicht.",
        "No descriptions are published.",
    ),
    "description.unknown_name": ("Diese Beschreibung gibt es nicht.", "There is no such description."),
    "description.index": (
        "{peer} veröffentlicht keine Beschreibungen, die lesbar sind.",
        "{peer} publishes no descriptions that can be read.",
    ),
    "description.other": (
        "Bescheinigt ist etwas anderes, als in der Beschreibung steht.",
        "What is attested is not what the description says.",
    ),
    # a clearing house
    "clearing.no_notary": (
        "In den Einstellungen steht kein Notar: [description] notary",
        "The settings name no notary: [description] notary",
    ),
    "clearing.no_compliance": (
        "In den Einstellungen steht kein Prüfdienst: [description] compliance",
        "The settings name no compliance service: [description] compliance",
    ),
    "clearing.register": (
        "Das Register „{register}“ kennen Notare nicht; dafür bescheinigt die Region.",
        'Notaries do not know the register "{register}"; that is for the region to attest.',
    ),
    "clearing.level": ("„{level}“ gibt es nicht. Möglich: {known}.", 'There is no "{level}". Possible: {known}.'),
    "clearing.answer": (
        "Die Clearingstelle hat abgelehnt oder nicht geantwortet wie erwartet (Status {status}).",
        "The clearing house refused, or did not answer as expected (status {status}).",
    ),
    "clearing.refused": (
        "Die Antwort der Clearingstelle hält der Prüfung nicht stand ({why}); nichts wurde veröffentlicht.",
        "The clearing house's answer does not stand up to verification ({why}); nothing was published.",
    ),
    # what a region attests
    "compliance.device": (
        "{member} ist ein Gerät; Beschreibungen haben nur Knoten.",
        "{member} is a device; only nodes have descriptions.",
    ),
    "compliance.unmet": (
        "{member} erfüllt die Kriterien nicht, bescheinigt wird nichts. Zuerst:",
        "{member} does not meet the criteria, nothing is attested. First:",
    ),
    "compliance.credential": (
        "Eine der Beschreibungen ist kein gültiger Nachweis ({why}).",
        "One of the descriptions is no valid credential ({why}).",
    ),
    "compliance.criterion": ("Nicht erfüllt: {criterion}.", "Not met: {criterion}."),
    "compliance.criterion.criterion.number-is-registered": (
        "Registriert ist {number}; die Beschreibung nennt etwas anderes.",
        "Registered is {number}; the description says otherwise.",
    ),
    # documents of strangers
    "jsonld.unknown": (
        "Das Dokument verweist auf einen unbekannten Kontext ({what}); geladen wird nichts.",
        "The document names an unknown context ({what}); nothing is fetched.",
    ),
    "jsonld.inline": (
        "Das Dokument gibt dem Begriff „{what}“ eine eigene Bedeutung.",
        'The document gives the term "{what}" a meaning of its own.',
    ),
    "jsonld.digest": (
        "Das Dokument wurde mit einer anderen Fassung von {what} gemacht.",
        "The document was made with other bytes of {what}.",
    ),
    "jsonld.keyword": (
        "Das Dokument benutzt „{what}“, das etwas verstecken kann.",
        'The document uses "{what}", which can hide something.',
    ),
    "jsonld.dropped": (
        "„{what}“ hat im Dokument keine Bedeutung und ginge beim Lesen verloren.",
        '"{what}" has no meaning in the document and would be lost in reading.',
    ),
    "jsonld.large": ("Das Dokument ist zu groß ({what}).", "The document is too large ({what})."),
    "jsonld.form": ("Das Dokument ist nicht lesbar ({what}).", "The document cannot be read ({what})."),
    "jsonld.time": (
        "Das Dokument zu lesen dauerte zu lange; es ist wohl dafür gemacht.",
        "Reading the document took too long; it was probably made for that.",
    ),
    "jsonld.worker": (
        "Der Prozess, der fremde Dokumente liest, startet nicht. Fehlt das Paket allmende[rdf]?",
        "The process that reads documents of others does not start. Is the package allmende[rdf] missing?",
    ),
    "jsonld.shapes": ("Amtliche Formen sind nicht eingerichtet.", "No official shapes are set up."),
    # the older generation
    "description.older": (
        "Beschreibungen der älteren Generation liest dieser Knoten nicht; einschalten mit [description] older = true",
        "This node reads no descriptions of the older generation; switch on with [description] older = true",
    ),
    "older.form": ("Das ist kein Nachweis der älteren Generation.", "This is no credential of the older generation."),
    "older.proof": (
        "Der Beweis fehlt oder nennt einen Schlüssel, der nicht dem Aussteller gehört.",
        "The proof is missing or names a key that is not the issuer's.",
    ),
    "older.header": (
        "Der Beweis hat eine Form, die nicht angenommen wird.",
        "The proof has a form that is not taken.",
    ),
    "older.signature": ("Die Unterschrift gilt nicht für diesen Inhalt.", "The signature is not for this content."),
    # the ten steps
    "verify.many": ("Mehr als {most} Nachweise auf einmal.", "More than {most} credentials at once."),
    "verify.method": ("{issuer} ist keine did:web-Identität.", "{issuer} is no did:web identity."),
    "verify.assertion": (
        "Der Schlüssel {kid} darf dort nichts behaupten (assertionMethod).",
        "The key {kid} may not assert anything there (assertionMethod).",
    ),
    "verify.no_chain": (
        "Zum Schlüssel ist keine Zertifikatskette veröffentlicht (x5u).",
        "No certificate chain is published for the key (x5u).",
    ),
    "verify.chain_key": (
        "Die Zertifikatskette gehört zu einem anderen Schlüssel.",
        "The certificate chain belongs to another key.",
    ),
    "verify.region_key": (
        "Der Schlüssel ist keiner, der von der Region {issuer} übernommen wurde.",
        "The key is none that was accepted of the region {issuer}.",
    ),
    "verify.root": (
        "Das Verzeichnis der Vertrauensanker kennt die Wurzel der Kette nicht.",
        "The registry of trust anchors does not know the root of the chain.",
    ),
    "verify.registry": (
        "Das Verzeichnis der Vertrauensanker hat nicht geantwortet wie erwartet (Status {status}).",
        "The registry of trust anchors did not answer as expected (status {status}).",
    ),
    "verify.unreachable": ("Dafür war jemand nicht zu erreichen.", "Somebody could not be reached for this."),
    "verify.labeller": (
        "Das Label ist von {issuer}; dem wird dafür nicht geglaubt.",
        "The label is by {issuer}, who is not believed for that.",
    ),
    "verify.label_digest": (
        "Das Label nennt {id} mit einem anderen Inhalt als dem gezeigten.",
        "The label names {id} with other content than what is shown.",
    ),
    "verify.number": (
        "Die Registriernummer fehlt unter den Nachweisen.",
        "The registration number is missing among the credentials.",
    ),
    "verify.notary": (
        "Die Registriernummer bestätigt {issuer}; dem wird dafür nicht geglaubt.",
        "The registration number is attested by {issuer}, who is not believed for that.",
    ),
}
