"""Credentials on their way: asked for, issued, delivered, shown, taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # showing
    "dcp.definition": (
        "Eine Anfrage mit einer Presentation Definition wird hier nicht verstanden; nötig sind Scopes.",
        "A query by a presentation definition is not understood here; scopes are.",
    ),
    "pass.missing": (
        "Die Anfrage nennt keinen Zugangsschlüssel für unsere Nachweise.",
        "The query brings no access token for our credentials.",
    ),
    "pass.forged": (
        "Der Zugangsschlüssel zu unseren Nachweisen ist nicht von diesem Knoten.",
        "The access token for our credentials is not one of this node's.",
    ),
    "pass.late": (
        "Der Zugangsschlüssel zu unseren Nachweisen gilt nicht mehr.",
        "The access token for our credentials is no longer valid.",
    ),
    "pass.other": (
        "Der Zugangsschlüssel zu unseren Nachweisen wurde jemand anderem gegeben.",
        "The access token for our credentials was given to somebody else.",
    ),
    "pass.replayed": (
        "Der Zugangsschlüssel zu unseren Nachweisen wurde schon verwendet.",
        "The access token for our credentials was used before.",
    ),
    # asking for credentials
    "wish.kinds": (
        "Es ist nicht angegeben, welche Nachweise beantragt werden sollen.",
        "It is not said which credentials to ask for.",
    ),
    "wish.unknown": (
        "Um diese Nachweise wurde nicht gebeten, oder jemand anderes.",
        "These credentials were not asked for, or of somebody else.",
    ),
    "wish.rejected": ("Der Aussteller hat den Antrag abgelehnt.", "The issuer has rejected the request."),
    "wish.refused": (
        "Der Aussteller nimmt den Antrag nicht an.",
        "The issuer does not take the request.",
    ),
    "wish.unanswered": (
        "Der Aussteller hat den Antrag nicht rechtzeitig beantwortet.",
        "The issuer has not answered the request in time.",
    ),
    "wish.not_offered": (
        "Der Aussteller stellt Nachweise dieser Art nicht aus.",
        "The issuer does not issue credentials of this type.",
    ),
    "credential.unknown": (
        "Einen Nachweis mit der Kennung „{id}“ hat dieser Knoten nicht.",
        'This node holds no credential with the id "{id}".',
    ),
    "peer.no_service": (
        "{peer} gibt in seinem DID-Dokument keinen Dienst „{service}“ an.",
        'The DID document of {peer} names no service "{service}".',
    ),
    "peer.metadata": (
        "Was {peer} ausstellt, ist nicht lesbar ({why}).",
        "What {peer} issues cannot be read ({why}).",
    ),
    # deliveries and offers
    "delivery.kinds": (
        "Geliefert wurde etwas anderes, als beantragt war.",
        "Something else was delivered than was asked for.",
    ),
    "delivery.credential": (
        "Ein gelieferter Nachweis beweist nichts ({why}).",
        "A delivered credential proves nothing ({why}).",
    ),
    "delivery.format": (
        "Ein gelieferter Nachweis hat eine andere Form als angegeben.",
        "A delivered credential has another form than it is said to have.",
    ),
    "delivery.other": (
        "Ein gelieferter Nachweis ist von jemand anderem, über jemand anderen oder von anderer Art.",
        "A delivered credential is by somebody else, about somebody else or of another type.",
    ),
    "delivery.id": (
        "Die Kennung eines gelieferten Nachweises gehört schon einem anderen.",
        "The id of a delivered credential belongs to another one already.",
    ),
    "offer.issuer": (
        "Das Angebot kommt nicht von dem Aussteller, den es nennt.",
        "The offer does not come from the issuer that it names.",
    ),
    "offer.stranger": (
        "Das Angebot kommt von jemandem, dem dieser Knoten nicht vertraut.",
        "The offer comes from somebody whom this node does not trust.",
    ),
    # issuing
    "issuance.kinds": (
        "Solche Nachweise werden hier nicht ausgestellt, oder nicht zusammen.",
        "Such credentials are not issued here, or not together.",
    ),
    "issuance.many": (
        "Es sind schon so viele Anträge offen, wie offen sein dürfen.",
        "As many requests as may be are open already.",
    ),
    "issuance.unknown": ("Diesen Antrag gibt es nicht.", "There is no such request."),
    "issuance.undelivered": (
        "Der Nachweis war nicht zuzustellen und ist zurückgenommen.",
        "The credential could not be delivered and was taken back.",
    ),
    "member.other_role": (
        "Solche Nachweise bekommt ein Mitglied mit der Rolle „{role}“ nicht.",
        'A member with the role "{role}" does not get such credentials.',
    ),
    "schema.unknown": ("Dieses Schema gibt es hier nicht.", "There is no such schema here."),
    # taking back
    "status.unknown": ("Eine Widerrufsliste „{list}“ gibt es hier nicht.", 'There is no list "{list}" here.'),
    "issued.unknown": (
        "Ein Nachweis mit der Kennung „{id}“ wurde hier nicht ausgestellt.",
        'No credential with the id "{id}" was issued here.',
    ),
    "issued.revoked": (
        "Der Nachweis „{id}“ ist bereits widerrufen; das ist endgültig.",
        'The credential "{id}" is revoked already, and for good.',
    ),
    "issued.suspended": ("Der Nachweis „{id}“ ruht bereits.", 'The credential "{id}" is suspended already.'),
    "issued.not_suspended": ("Der Nachweis „{id}“ ruht nicht.", 'The credential "{id}" is not suspended.'),
    # what has happened
    "event.credential_received": (
        "Ein Nachweis „{kind}“ von {peer} ist angekommen.",
        'A credential "{kind}" of {peer} has arrived.',
    ),
    "event.credential_lost": (
        "{peer} hat unseren Nachweis „{kind}“ widerrufen oder lässt ihn ruhen: Andere weisen diesen Knoten jetzt ab.",
        'Our credential "{kind}" has been revoked or suspended by {peer}: others refuse this node now.',
    ),
    "event.credential_regained": (
        "{peer} lässt unseren Nachweis „{kind}“ wieder gelten.",
        'Our credential "{kind}" counts again, says {peer}.',
    ),
    "event.credential_rejected": (
        "{peer} stellt den beantragten Nachweis „{kinds}“ nicht aus.",
        '{peer} does not issue the credential "{kinds}" that was asked for.',
    ),
    "event.credential_offered": ("{peer} bietet Nachweise an: {kinds}.", "{peer} offers credentials: {kinds}."),
    "event.credential_revoked": (
        "Ein Nachweis „{kind}“ für {peer} ist widerrufen.",
        'A credential "{kind}" of {peer} has been revoked.',
    ),
    "event.credential_suspended": (
        "Ein Nachweis „{kind}“ für {peer} ruht.",
        'A credential "{kind}" of {peer} has been suspended.',
    ),
    "event.credential_restored": (
        "Ein Nachweis „{kind}“ für {peer} gilt wieder.",
        'A credential "{kind}" of {peer} counts again.',
    ),
    "event.issuance_rejected": (
        "Nachweise „{kinds}“ für {peer} wurden nicht ausgestellt.",
        'Credentials "{kinds}" for {peer} were not issued.',
    ),
}
