"""Certificates: asking for them, showing them, their ends, what was revoked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # what is asked for
    "request.form": (
        "Die Anfrage nach einem Zertifikat ist nicht lesbar oder will, was es hier nicht gibt (PKCS #10, base64).",
        "The request for a certificate cannot be read, or asks for what is not given here (PKCS #10, base64).",
    ),
    "request.signature": (
        "Die Anfrage ist nicht mit ihrem eigenen Schlüssel unterschrieben.",
        "The request is not signed with its own key.",
    ),
    "request.weak": (
        "Für diesen Schlüssel gibt es kein Zertifikat: verlangt ist P-256 oder Ed25519.",
        "There is no certificate for this key: it has to be P-256 or Ed25519.",
    ),
    "request.name": (
        "Die Anfrage muss genau eine URI nennen: die did:web eines Knotens oder die URN eines Geräts.",
        "The request has to name exactly one URI: the did:web of a node or the URN of a device.",
    ),
    "request.names": (
        "Die Anfrage nennt Namen, die diesem Mitglied nicht gehören.",
        "The request names what is not this member's.",
    ),
    "request.unproved": (
        "Die Anfrage ist nicht mit einem Schlüssel von {did} unterschrieben. Zuerst kommt das Zertifikat für "
        "Unterschriften, mit einem Schlüssel aus dem DID-Dokument; dann gilt der Code auch für die Verbindungen.",
        "The certificate request is not signed by a key of {did}. First comes the certificate for signatures, with a "
        "key of the DID document; then the code counts for connections too.",
    ),
    "request.no_document": (
        "Das DID-Dokument von {did} ist zurzeit nicht zu haben. Der Code gilt weiter.",
        "The DID document of {did} is not to be had at the moment. The code is still good.",
    ),
    "request.key_reused": (
        "Für diesen Schlüssel gab es schon ein Zertifikat. Nehmen Sie einen neuen.",
        "There was a certificate for this key before. Take a new one.",
    ),
    "request.profile": (
        "Ein Zertifikat dieser Art ({profile}) gibt es für dieses Mitglied nicht.",
        "There is no certificate of this kind ({profile}) for this member.",
    ),
    "member.inactive": (
        "Nur wer zurzeit Mitglied der Region ist, bekommt etwas von ihr.",
        "Only those who are members of the region now get anything from it.",
    ),
    "ocsp.form": ("Das ist keine lesbare OCSP-Anfrage.", "This is no OCSP request that can be read."),
    # what is shown
    "certificate.form": ("Ein Zertifikat ist nicht lesbar.", "A certificate cannot be read."),
    "certificate.names": (
        "Das Zertifikat sagt nicht genau, wessen es ist.",
        "The certificate does not say exactly whose it is.",
    ),
    "certificate.untrusted": (
        "Das Zertifikat führt zu keiner Region, der dieser Knoten vertraut.",
        "The certificate leads to no region that this node believes.",
    ),
    "certificate.expired": ("Das Zertifikat ist abgelaufen.", "The certificate has ended."),
    "certificate.early": (
        "Das Zertifikat gilt noch nicht. Sehen Sie nach der Uhr dieses Rechners.",
        "The certificate does not count yet. Look at this machine's clock.",
    ),
    "certificate.kind": (
        "Das ist das Zertifikat einer ausstellenden Stelle und kein eigenes.",
        "This is the certificate of an authority, and not one's own.",
    ),
    "certificate.purpose": (
        "Das Zertifikat ist für etwas anderes ausgestellt.",
        "The certificate was issued for something else.",
    ),
    "certificate.weak": ("Der Schlüssel des Zertifikats ist zu schwach.", "The key of the certificate is too weak."),
    "certificate.revoked": ("Das Zertifikat ist widerrufen.", "The certificate was revoked."),
    "tls.other_member": (
        "Das Zertifikat der Verbindung gehört einem anderen als das Token der Nachricht.",
        "The certificate of the connection is another's than the token of the message.",
    ),
    "tls.certificate_missing": (
        "Die Verbindung zeigt kein Zertifikat, und hier wird eines verlangt.",
        "The connection shows no certificate, and one is required here.",
    ),
    # lists and answers
    "revocation.form": (
        "Eine Liste von Widerrufen oder eine Auskunft darüber ist nicht lesbar.",
        "A list of revocations, or an answer about one, cannot be read.",
    ),
    "revocation.issuer": (
        "Eine Liste von Widerrufen ist von jemandem, der sie nicht ausstellen darf.",
        "A list of revocations is by somebody who may not make it.",
    ),
    "revocation.stale": (
        "Die Liste der Widerrufe von {authority} ist zu alt. Ohne eine neue gilt kein Zertifikat von dort.",
        "The list of revocations of {authority} is too old. Without another no certificate from there counts.",
    ),
    "revocation.missing": (
        "Eine Liste der Widerrufe von {authority} liegt nicht vor. Ohne sie gilt kein Zertifikat von dort.",
        "There is no list of revocations of {authority}. Without it no certificate from there counts.",
    ),
    "revocation.unknown": (
        "Die Region kennt das Zertifikat nicht.",
        "The region does not know the certificate.",
    ),
    # our own
    "certificate.unknown": (
        "Ein Zertifikat mit der Nummer {serial} hat diese Region nicht ausgestellt.",
        "This region has issued no certificate with the number {serial}.",
    ),
    "certificate.no_region": (
        "Dieser Knoten ist in keiner Region, die ein Zertifikat erneuern könnte. Beitreten mit: allmende join URL CODE",
        "This node is in no region that could renew a certificate. Join one with: allmende join URL CODE",
    ),
    "certificate.ends": (
        "Ein Zertifikat dieses Knotens endet am {until} und konnte nicht erneuert werden ({why}).",
        "A certificate of this node ends on {until} and could not be renewed ({why}).",
    ),
    "enrol.refused": (
        "{region} stellt kein Zertifikat aus (Status {status}): der Code ist eingelöst, zurückgezogen oder abgelaufen, "
        "oder die Mitgliedschaft ruht. Lassen Sie sich einen neuen Code geben.",
        "{region} issues no certificate (status {status}): the code has been used, was withdrawn or has ended, or the "
        "membership is suspended. Have them give you another code.",
    ),
    "enrol.answer": (
        "Was die Region als Zertifikat geschickt hat, ist keines für diesen Knoten ({why}).",
        "What the region has sent as a certificate is none for this node ({why}).",
    ),
    "answer.form": (
        "Was die Region an Zertifikaten geschickt hat, ist nicht lesbar.",
        "What the region has sent by way of certificates cannot be read.",
    ),
    # the region's own keys
    "region.root_away": (
        "Dafür wird der Schlüssel der Wurzel gebraucht: legen Sie ihn nach {path}, und danach wieder in den Tresor.",
        "This needs the root's key: put it at {path}, and back into its safe afterwards.",
    ),
    "region.ends": (
        "Eine ausstellende Stelle der Region oder die Liste ihrer Wurzel endet am {until}. Gebraucht wird der Schlüssel"
        " der Wurzel.",
        "An authority of the region, or its root's list, ends on {until}. The root's key is needed.",
    ),
}
