"""Why a party is or is not trusted: each link of the chain from its credentials to a region that is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connector.sentences.form import Both

TEMPLATES: Final[Mapping[str, Both]] = {
    # who is asked about, and how it is known
    "trust.party": (
        "„{party}“ ist weder der Name einer Gegenstelle noch eine Kennung (did:web:…) oder Adresse (https://…).",
        '"{party}" is neither the name of a peer nor an identifier (did:web:…) or address (https://…).',
    ),
    "trust.self": ("Das ist dieser Knoten selbst.", "That is this node itself."),
    "trust.pinned": (
        "Jemand hier hat die Schlüssel verglichen: {by}, am {at:time}.",
        "Somebody here has compared its keys: {by}, on {at:time}.",
    ),
    "trust.removed": (
        "{by} hat sie hier entfernt, am {at:time}. Sie bleibt draußen, was immer eine Region bezeugt, bis jemand sie"
        " wieder einträgt: allmende peer add {url}",
        "{by} has removed it here, on {at:time}. It stays out, whatever a region says, until somebody adds it again:"
        " allmende peer add {url}",
    ),
    "trust.unpinned": (
        "Niemand hier hat die Schlüssel verglichen; es zählt, was eine Region bezeugt.",
        "Nobody here has compared its keys; what counts is what a region says.",
    ),
    "trust.stranger": (
        "Dieser Knoten kennt sie nicht: niemand hat sie eingetragen, und sie hat nie einen Nachweis gezeigt.",
        "This node does not know it: nobody has added it, and it has never shown a credential.",
    ),
    "trust.keys": (
        "Es sind die Schlüssel, mit denen sie bekannt wurde: {words}.",
        "Its keys are those that it became known with: {words}.",
    ),
    "trust.live": (
        "Eben gefragt: sie antwortet, mit den Schlüsseln, die hier bekannt sind.",
        "Asked just now: it answers, with the keys that are known here.",
    ),
    "trust.live_stranger": ("Eben gefragt: sie antwortet.", "Asked just now: it answers."),
    "trust.refused_stranger": (
        "Dieser Knoten kennt sie nicht; als sie zuletzt anfragte, ist sie abgelehnt worden.",
        "This node does not know it; when it called last, it was refused.",
    ),
    "trust.keys_differ": (
        "Eben gefragt: sie zeigt andere Schlüssel als die, die hier bekannt sind.",
        "Asked just now: it shows other keys than those that are known here.",
    ),
    "trust.live_failed": (
        "Sie ist jetzt nicht zu fragen; gezeigt wird, was zuletzt bekannt war.",
        "It cannot be asked now; shown is what was known last.",
    ),
    "trust.refused_then": (
        "Bei der letzten Prüfung ist sie abgelehnt worden.",
        "It was refused when it was looked at last.",
    ),
    # the region
    "trust.issuer": (
        "{name} ist eine Region, der dieser Knoten glaubt.",
        "{name} is a region that this node believes.",
    ),
    "trust.issuer_unknown": (
        "Der Nachweis stammt von {issuer}; dieser Region wird nicht geglaubt, wo er gezeigt wurde "
        "(dort: allmende trust add {issuer}).",
        "The credential comes from {issuer}, a region that is not believed where it was shown "
        "(there: allmende trust add {issuer}).",
    ),
    "trust.voucher": (
        "Für {name} bürgt {through}, der dieser Knoten auch über andere Regionen glaubt.",
        "{through}, which this node believes about other regions too, vouches for {name}.",
    ),
    "trust.voucher_ended": (
        "Die Bürgschaft für {name} ist am {ended:time} ausgelaufen.",
        "The word of the region that vouches for {name} ended on {ended:time}.",
    ),
    "trust.voucher_unknown": (
        "Für {name} bürgt nur {voucher}, und der glaubt dieser Knoten nicht über andere Regionen.",
        "Only {voucher} vouches for {name}, and the node does not believe it about other regions.",
    ),
    "trust.type": (
        "Für solche Nachweise wird der Region geglaubt: {types}.",
        "The region is believed for such credentials: {types}.",
    ),
    "trust.type_refused": (
        "Für solche Nachweise wird {issuer} nicht geglaubt: {types}. Ändern: allmende trust add {issuer} --type TYP",
        "{issuer} is not believed for such credentials: {types}. To change it: allmende trust add {issuer} --type TYPE",
    ),
    "trust.scope_missing": (
        "Mitglieder von {region} dürfen das hier nicht ({scope}). Ändern: allmende trust add {region} --scope {scope}",
        "Members of {region} may not do this here ({scope}). To change it: allmende trust add {region} --scope {scope}",
    ),
    # the credential
    "trust.holder": ("Der Nachweis ist auf sie ausgestellt.", "The credential was issued to it."),
    "trust.holder_other": (
        "Der Nachweis ist auf jemand anderen ausgestellt: {subject}.",
        "The credential was issued to somebody else: {subject}.",
    ),
    "trust.proof": (
        "Seine Unterschrift stimmt, mit dem Schlüssel {kid}.",
        "Its signature is right, by the key {kid}.",
    ),
    "trust.period": (
        "Der Nachweis gilt von {begins:time} bis {ends:time}.",
        "The credential counts from {begins:time} to {ends:time}.",
    ),
    "trust.ended": (
        "Der Nachweis ist am {ends:time} abgelaufen. Einen neuen holt die Gegenseite: "
        "allmende credential request REGION",
        "The credential ended on {ends:time}. The other side gets a new one with: allmende credential request REGION",
    ),
    "trust.not_begun": (
        "Der Nachweis gilt erst ab {begins:time}. Stimmen die Uhren beider Seiten?",
        "The credential counts from {begins:time} only. Are the clocks of both sides right?",
    ),
    "trust.outlives_certificate": (
        "Der Nachweis soll länger gelten als das Zertifikat von {issuer}, das am {ended:time} endet.",
        "The credential is to last longer than the certificate of {issuer}, which ends on {ended:time}.",
    ),
    "trust.status": (
        "Der Nachweis ist nicht widerrufen; die Liste der Region gilt bis {listed:time}.",
        "The credential has not been taken back; the region's list counts until {listed:time}.",
    ),
    "trust.status_none": (
        "Der Nachweis nennt keine Liste von Widerrufen: zurückgenommen werden kann er nicht.",
        "The credential names no list of revocations: it cannot be taken back.",
    ),
    "trust.status_unknown": (
        "Ob der Nachweis widerrufen ist, lässt sich nicht feststellen: {list} war nicht zu lesen.",
        "Whether the credential has been taken back cannot be known: {list} could not be read.",
    ),
    "trust.status_stale": (
        "Die Liste der Widerrufe ist seit {listed:time} zu alt, und eine neue war nicht zu haben.",
        "The list of revocations has been too old since {listed:time}, and a new one was not to be had.",
    ),
    "trust.revoked": (
        "Die Region hat den Nachweis widerrufen.",
        "The region has taken the credential back.",
    ),
    "trust.suspended": (
        "Die Region hat den Nachweis ausgesetzt.",
        "The region has suspended the credential.",
    ),
    "trust.membership": ("Sie ist Mitglied von {region}.", "It is a member of {region}."),
    "trust.membership_other": (
        "Der Nachweis macht sie zum Mitglied einer anderen Region: {region}.",
        "The credential makes it a member of another region: {region}.",
    ),
    "trust.no_credentials": (
        "Sie hat keinen Nachweis gezeigt, mit dem hier etwas anzufangen ist.",
        "It has shown no credential that means anything here.",
    ),
    "trust.no_membership": (
        "Sie hat Nachweise gezeigt, aber keinen einer Mitgliedschaft.",
        "It has shown credentials, but none of a membership.",
    ),
}
