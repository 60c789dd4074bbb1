"""Planes of others, and flows that they and we have under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # planes
    "plane.unknown": ("Eine Ebene {id} ist hier nicht bekannt.", "There is no plane {id} here."),
    "plane.endpoint": (
        "Die Adresse von {id} ist keine http(s)-Adresse ohne Anfrage und Benutzer.",
        "The endpoint of {id} is no http(s) address without query and user.",
    ),
    "plane.authorization": (
        "Wie {id} sich ausweist, fehlt oder wird nicht verstanden; möglich sind: {types}.",
        "How {id} proves itself is missing or not understood; there are: {types}.",
    ),
    "plane.secret": (
        "Das Geheimnis von {id} fehlt: {name} nennt eine Datei mit Rechten 0600.",
        "The secret of {id} is missing: {name} names a file of mode 0600.",
    ),
    "plane.keys": (
        "Es fehlt, womit Token von {id} geprüft werden: {missing}. Ungeprüft wird keines geglaubt.",
        "What tokens of {id} are verified with is missing: {missing}. None is believed unverified.",
    ),
    "plane.keys_unread": (
        "Die Schlüssel der anderen Ebene sind nicht zu haben (Status {status}).",
        "The keys of the other plane cannot be had (status {status}).",
    ),
    "plane.token_refused": (
        "{plane} nimmt unseren Ausweis nicht an; prüfen Sie das Geheimnis auf beiden Seiten.",
        "{plane} does not take our proof; look at the secret on both sides.",
    ),
    "plane.no_token": (
        "Für {plane} ist kein Token zu bekommen (Status {status}).",
        "No token for {plane} can be had (status {status}).",
    ),
    "plane.busy": ("{plane} antwortet mit Status {status}.", "{plane} answers with status {status}."),
    "plane.other": (
        "Eine Ebene kann nur sich selbst eintragen und austragen.",
        "A plane can register and remove itself alone.",
    ),
    "plane.type": (
        "Die Art des Ausweises kann nur ein Betreiber ändern.",
        "Only an operator changes the type of authorization.",
    ),
    "plane.unusable": (
        "So wäre die Ebene nicht zu erreichen ({problem}).",
        "Like this it could not be spoken to ({problem}).",
    ),
    # flows
    "flow.unknown": ("Diesen Datenfluss gibt es nicht.", "There is no such data flow."),
    "flow.exists": ("Für {process} gibt es schon einen Datenfluss.", "There is a data flow for {process} already."),
    "flow.state": (
        "Der Datenfluss steht auf {state}; {signal} passt nicht dazu.",
        "The data flow stands at {state}; {signal} does not fit.",
    ),
    "flow.profile": (
        "Unter diesem Profil fließen hier keine Daten; es gibt: {profiles}.",
        "No data flow here under this profile; there are: {profiles}.",
    ),
    "flow.address_given": (
        "Die Datenadresse ist hier unsere: es darf keine mitkommen.",
        "The data address is ours here: none may come along.",
    ),
    "flow.not_renewable": (
        "Das Zugangstoken der Datenadresse lässt sich nicht erneuern (refreshToken, expiresIn).",
        "The access token of the data address cannot be renewed (refreshToken, expiresIn).",
    ),
    "flow.auth_type": (
        "Wie das Token vorzuzeigen ist, wird nicht verstanden: nur bearer.",
        "How to show the token is not understood: bearer alone is.",
    ),
    "flow.plain": ("Unter diesem Profil muss die Adresse https sein.", "Under this profile the address must be https."),
    "dataplane.alone": (
        "Das hier ist eine Datenebene für sich: Verträge, Übertragungen und Partner hat die Steuerungsebene, die sie "
        "steuert; geholt wird dort.",
        "This is a data plane by itself: contracts, transfers and peers are with the control plane that drives it; "
        "data are fetched there.",
    ),
    "flow.dataset": ("{dataset} gibt es hier nicht.", "There is no {dataset} here."),
    "flow.agreement_differs": (
        "Der Vertrag passt nicht zu dem, was über ihn gesagt ist ({parts}).",
        "The agreement does not fit what is said of it ({parts}).",
    ),
    "flow.agreement_other": (
        "Unter {agreement} ist hier ein anderer Vertrag bekannt.",
        "Another agreement is known here as {agreement}.",
    ),
    "flow.no_agreement": (
        "Der Vertrag {agreement} ist nicht zu bekommen (Status {status}).",
        "The agreement {agreement} cannot be had (status {status}).",
    ),
    "flow.format": (
        "{plane} empfängt nichts im Format {format}.",
        "{plane} receives nothing in the format {format}.",
    ),
    "flow.refused": (
        "{plane} lehnt {signal} ab (Status {status}).",
        "{plane} refuses {signal} (status {status}).",
    ),
    "flow.silent": (
        "{plane} wird nicht fertig und meldet sich nicht (zuletzt {state}).",
        "{plane} does not get ready and says nothing (last {state}).",
    ),
    "flow.errored": ("{plane} meldet: {said}", "{plane} says: {said}"),
    "flow.unserved": (
        "Die Daten können gerade nicht geliefert werden.",
        "The data cannot be served now.",
    ),
    "source.elsewhere": (
        "„{asset}“ liefert eine fremde Datenebene; hier ist davon nichts.",
        'Somebody else\'s data plane serves "{asset}"; nothing of it is here.',
    ),
    "peer.mute": ("Hier wird in niemandes Namen gesprochen.", "Nothing is said in anybody's name here."),
    # events
    "event.flow_errored": (
        "Eine Datenebene meldet einen Fehler, den sie nicht beheben kann; die Gegenstelle erfährt davon nichts.",
        "A data plane reports an error that it cannot mend; the other side hears nothing of it.",
    ),
    "event.flow_refused": (
        "Ein Datenfluss kommt nicht zustande.",
        "A data flow does not come about.",
    ),
    "event.flow_failed": (
        "Ein Datenfluss kann nicht weitergehen.",
        "A data flow cannot go on.",
    ),
    "event.plane_added": ("Eine fremde Ebene ist eingetragen.", "A plane of somebody else has been registered."),
    "event.plane_removed": ("Eine fremde Ebene ist ausgetragen.", "A plane of somebody else has been removed."),
}
