"""The fixed words of controlled sentences, in German and English: what leads a line, and what stands between names.

What lives here: words alone. What does not: putting them together and reading them (`controlled`), the phrases of
operands (`operands`). INVARIANT: within one language no two leads of the same place are alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from policies.model import ODRL, Connective, PolicyKind, Strategy
from policies.saying import Both

DCT: Final = "http://purl.org/dc/terms/"


class Slot(StrEnum):
    """Where a rule stands: at the top of a policy by its kind, or below another rule."""

    PERMISSION = "permission"
    PROHIBITION = "prohibition"
    OBLIGATION = "obligation"
    DUTY = "duty"
    REMEDY = "remedy"
    CONSEQUENCE = "consequence"


KINDS: Final[Mapping[PolicyKind, Both]] = {
    PolicyKind.OFFER: ("Angebot", "Offer"),
    PolicyKind.AGREEMENT: ("Vereinbarung", "Agreement"),
    PolicyKind.SET: ("Regelwerk", "Set of rules"),
    PolicyKind.REQUEST: ("Anfrage", "Request"),
    PolicyKind.ASSERTION: ("Zusicherung", "Assertion"),
    PolicyKind.PRIVACY: ("Datenschutzregeln", "Privacy terms"),
    PolicyKind.TICKET: ("Berechtigungsschein", "Ticket"),
}

STRATEGIES: Final[Mapping[Strategy, Both]] = {
    Strategy.PERM: (
        "Wo Erlaubnis und Verbot zusammentreffen, gilt die Erlaubnis",
        "Where a permission and a prohibition meet, the permission holds",
    ),
    Strategy.PROHIBIT: (
        "Wo Erlaubnis und Verbot zusammentreffen, gilt das Verbot",
        "Where a permission and a prohibition meet, the prohibition holds",
    ),
    Strategy.INVALID: (
        "Wo Erlaubnis und Verbot zusammentreffen, gilt nichts von alledem",
        "Where a permission and a prohibition meet, nothing of all this holds",
    ),
}

SLOTS: Final[Mapping[Slot, Both]] = {
    Slot.PERMISSION: ("Erlaubnis", "Permission"),
    Slot.PROHIBITION: ("Verbot", "Prohibition"),
    Slot.OBLIGATION: ("Verpflichtung", "Obligation"),
    Slot.DUTY: ("Pflicht", "Duty"),
    Slot.REMEDY: ("Abhilfe", "Remedy"),
    Slot.CONSEQUENCE: ("Folgepflicht", "Consequence"),
}
"""What leads a rule. A duty is due for its permission, a remedy after its prohibition was broken, a consequence after
its duty was."""

CONNECTIVES: Final[Mapping[Connective, Both]] = {
    Connective.AND: ("alles davon", "all of"),
    Connective.OR: ("mindestens eines davon", "at least one of"),
    Connective.XONE: ("genau eines davon", "exactly one of"),
    Connective.AND_SEQUENCE: ("alles davon, in dieser Reihenfolge", "all of, in this order"),
}

SCOPES: Final[Mapping[str, Both]] = {
    "target": ("Gegenstand", "Subject"),
    "output": ("Ergebnis", "Result"),
    "assigner": ("Bedingungen von", "Terms of"),
    "assignee": ("Nur für", "Only for"),
}
"""Parts of a rule (and, with a colon, of a policy) that name an asset or a party."""

FUNCTIONS: Final[Mapping[str, Both]] = {
    ODRL + "attributedParty": ("zu nennende Stelle", "party to be named"),
    ODRL + "attributingParty": ("nennende Stelle", "party that names"),
    ODRL + "compensatedParty": ("Empfänger der Zahlung", "party to be paid"),
    ODRL + "compensatingParty": ("zahlende Stelle", "party that pays"),
    ODRL + "consentedParty": ("Stelle mit Einwilligung", "party that consent is given to"),
    ODRL + "consentingParty": ("einwilligende Stelle", "party that consents"),
    ODRL + "contractedParty": ("beauftragte Stelle", "contracted party"),
    ODRL + "contractingParty": ("auftraggebende Stelle", "contracting party"),
    ODRL + "informedParty": ("zu informierende Stelle", "party to be informed"),
    ODRL + "informingParty": ("informierende Stelle", "party that informs"),
    ODRL + "trackedParty": ("beobachtete Stelle", "tracked party"),
    ODRL + "trackingParty": ("beobachtende Stelle", "party that tracks"),
}
"""Functions of parties beside assigner and assignee (ODRL Vocabulary 2.2, 3.7)."""

REMARKS: Final[Mapping[str, Both]] = {
    DCT + "title": ("Titel", "Title"),
    DCT + "description": ("Beschreibung", "Description"),
    DCT + "creator": ("Verfasst von", "Written by"),
    DCT + "publisher": ("Herausgegeben von", "Published by"),
    DCT + "source": ("Quelle", "Source"),
    DCT + "issued": ("Herausgegeben am", "Issued on"),
    DCT + "modified": ("Geändert am", "Changed on"),
    DCT + "license": ("Lizenz", "Licence"),
    DCT + "rights": ("Rechte", "Rights"),
    "http://www.w3.org/ns/prov#wasDerivedFrom@id": ("Nach der Vorlage", "Made from the template"),
}
"""Words for people that have a name of their own (Dublin Core; PROV-O); any other is a remark."""

WORDS: Final[Mapping[str, Both]] = {
    "timestamp": ("Geschlossen", "Concluded"),
    "profile": ("Profil", "Profile"),
    "inherits": ("Übernimmt", "Inherits"),
    "remark": ("Vermerk", "Remark"),
    "notice": ("Kündigungsfrist für beide Seiten:", "Either side may end it by notice of"),
    "only": ("Nur für", "Only for"),
    "anyone": ("Für jeden, der anfragt", "For whoever asks"),
    "elsewhere": ("Für wen, steht bei den Regeln", "For whom is said with the rules"),
    "always": (", ohne weitere Bedingung", ", without further condition"),
    "if": (", wenn alles Folgende zutrifft", ", if all of the following holds"),
    "so": (", dabei gilt", ", with all of this"),
    "ident": ("Kennung", "identifier"),
    "same": ("dieselbe wie", "the same as"),
    "refinement": ("Handlung nur so", "Action only like this"),
    "member": ("jedes Mitglied von", "each member of"),
    "source": ("Quelle", "source"),
    "as far": (", soweit alles Folgende zutrifft", ", as far as all of the following holds"),
    "party": ("Beteiligt als", "Taking part as"),
}
"""What else stands in a line."""
