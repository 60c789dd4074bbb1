"""Actions: the 72 of ODRL 2.2 and those of the municipal profile, with what includes what.

What lives here: the tables, what people call an action, which of them are done to the data while they leave. What does
not: what belonging means (`taxonomy`), doing them (`transforms`). Source: ODRL Vocabulary 2.2, actions (`includedIn`,
`exactMatch`); the actions of Creative Commons that it takes in.

A deprecated action that matches another exactly (`write`, `modify`) lies below it and above it: both are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from policies.model import ODRL

OWN: Final = "urn:allmende:"
CC: Final = "http://creativecommons.org/ns#"
USE: Final = ODRL + "use"
TRANSFER: Final = ODRL + "transfer"
READ: Final = ODRL + "read"


class Action(Struct, frozen=True):
    """An action: the one that includes it directly (full IRI; "" at a root), and what people call it."""

    within: str
    de: str
    en: str
    deprecated: bool = False


_USES: Final[Mapping[str, tuple[str, str]]] = {
    "acceptTracking": ("Nachverfolgung dulden", "accept tracking"),
    "aggregate": ("zusammenfassen", "aggregate"),
    "annotate": ("mit Anmerkungen versehen", "annotate"),
    "anonymize": ("anonymisieren", "anonymise"),
    "archive": ("archivieren", "archive"),
    "attribute": ("die Quelle nennen", "attribute the source"),
    "compensate": ("vergüten", "compensate"),
    "concurrentUse": ("gleichzeitig nutzen", "use concurrently"),
    "delete": ("löschen", "delete"),
    "derive": ("Neues daraus ableiten", "derive something new"),
    "digitize": ("digitalisieren", "digitise"),
    "distribute": ("weitergeben", "distribute"),
    "ensureExclusivity": ("Ausschließlichkeit sichern", "ensure exclusivity"),
    "execute": ("ausführen", "execute"),
    "grantUse": ("Nutzung gestatten", "grant use"),
    "include": ("in anderes aufnehmen", "include in something else"),
    "index": ("in ein Verzeichnis aufnehmen", "index"),
    "inform": ("unterrichten", "inform"),
    "install": ("installieren", "install"),
    "modify": ("verändern", "modify"),
    "move": ("verschieben", "move"),
    "nextPolicy": ("Bedingungen weiterreichen", "pass terms on"),
    "obtainConsent": ("Einwilligung einholen", "obtain consent"),
    "play": ("abspielen", "play"),
    "present": ("vorführen", "present in public"),
    "print": ("drucken", "print"),
    "read": ("Lesen", "reading"),
    "reproduce": ("vervielfältigen", "reproduce"),
    "reviewPolicy": ("Bedingungen prüfen", "review the terms"),
    "stream": ("als Strom liefern", "stream"),
    "synchronize": ("abgleichen", "synchronise"),
    "textToSpeech": ("vorlesen lassen", "text to speech"),
    "transform": ("in ein anderes Format bringen", "transform"),
    "translate": ("übersetzen", "translate"),
    "uninstall": ("deinstallieren", "uninstall"),
    "watermark": ("mit Wasserzeichen versehen", "watermark"),
}
_COMMONS: Final[Mapping[str, tuple[str, str]]] = {
    "Attribution": ("Namensnennung", "attribution"),
    "CommercialUse": ("kommerzielle Nutzung", "commercial use"),
    "DerivativeWorks": ("abgeleitete Werke", "derivative works"),
    "Distribution": ("Verbreitung", "distribution"),
    "Notice": ("Hinweis auf die Lizenz", "notice of the licence"),
    "Reproduction": ("Vervielfältigung", "reproduction"),
    "ShareAlike": ("Weitergabe unter gleichen Bedingungen", "share alike"),
    "Sharing": ("nichtkommerzielles Teilen", "sharing"),
    "SourceCode": ("Beigabe des Quelltexts", "provision of source code"),
}
_DEEPER: Final[Mapping[str, tuple[str, str, str]]] = {
    "display": ("play", "anzeigen", "display"),
    "extract": ("reproduce", "Teile entnehmen", "extract parts"),
    "sell": ("transfer", "verkaufen", "sell"),
    "give": ("transfer", "verschenken", "give away"),
}
_DEPRECATED: Final[Mapping[str, tuple[str, str, str]]] = {
    "adHocShare": ("", "formlos teilen", "share ad hoc"),
    "append": (ODRL + "modify", "anfügen", "append"),
    "appendTo": (ODRL + "modify", "an anderes anfügen", "append to"),
    "attachPolicy": (CC + "Notice", "Bedingungen beifügen", "attach the terms"),
    "attachSource": (CC + "SourceCode", "Quelltext beifügen", "attach the source"),
    "commercialize": (CC + "CommercialUse", "vermarkten", "commercialise"),
    "copy": (ODRL + "reproduce", "kopieren", "copy"),
    "export": (ODRL + "transform", "exportieren", "export"),
    "extractChar": ("", "Zeichen entnehmen", "extract characters"),
    "extractPage": ("", "Seiten entnehmen", "extract pages"),
    "extractWord": ("", "Wörter entnehmen", "extract words"),
    "lease": ("", "vermieten", "lease"),
    "lend": ("", "verleihen", "lend"),
    "license": (ODRL + "grantUse", "lizenzieren", "license"),
    "pay": (ODRL + "compensate", "bezahlen", "pay"),
    "preview": ("", "Vorschau zeigen", "preview"),
    "secondaryUse": ("", "zweitverwerten", "secondary use"),
    "share": (CC + "Sharing", "teilen", "share"),
    "shareAlike": (CC + "ShareAlike", "gleich weitergeben", "share alike (former name)"),
    "write": (ODRL + "modify", "schreiben", "write"),
    "writeTo": (ODRL + "modify", "in anderes schreiben", "write to"),
}
"""Deprecated -> the full IRI that it matches exactly, or nothing."""
_MUNICIPAL: Final[Mapping[str, tuple[str, str]]] = {
    "filterRows": ("Zeilen auswählen", "filter rows"),
    "suppress": ("Felder weglassen", "leave fields out"),
    "replace": ("Felder ersetzen", "replace fields"),
    "pseudonymise": ("pseudonymisieren", "pseudonymise"),
    "coarsen": ("vergröbern", "coarsen"),
    "perturb": ("verrauschen", "perturb"),
    "delay": ("verzögern", "delay"),
    "sign": ("signieren", "sign"),
    "log": ("protokollieren", "log"),
    "proveDeletion": ("Löschung nachweisen", "prove deletion"),
}
# `aggregate` is both: ODRL's own action, which a consumer does, and ours, which the provider does before data leave.
_MUNICIPAL_AGGREGATE: Final = ("in Gruppen zusammenfassen", "aggregate into groups")

KNOWN: Final[Mapping[str, Action]] = {
    USE: Action("", "Nutzung", "use"),
    TRANSFER: Action("", "Übertragung des Eigentums", "transfer of ownership"),
    **{ODRL + name: Action(USE, *called) for name, called in _USES.items()},
    **{CC + name: Action(USE, *called) for name, called in _COMMONS.items()},
    **{ODRL + name: Action(ODRL + within, de, en) for name, (within, de, en) in _DEEPER.items()},
    **{ODRL + name: Action(same, de, en, True) for name, (same, de, en) in _DEPRECATED.items()},
    **{OWN + name: Action(USE, *called) for name, called in _MUNICIPAL.items()},
    OWN + "aggregate": Action(USE, *_MUNICIPAL_AGGREGATE),
}
"""Every action that is known, by full IRI."""

SAME_AS: Final[Mapping[str, str]] = {
    iri: action.within for iri, action in KNOWN.items() if action.deprecated and action.within
}
"""Deprecated action -> the one that it matches exactly."""

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    iri: (
        *((action.within,) if action.within else ()),
        *(former for former, current in SAME_AS.items() if current == iri),
    )
    for iri, action in KNOWN.items()
}
"""Action -> the actions that include it."""

EGRESS: Final = frozenset(
    {OWN + name for name in ("filterRows", "suppress", "replace", "pseudonymise", "coarsen", "aggregate")}
    | {OWN + name for name in ("perturb", "delay", "sign")}
    | {ODRL + "anonymize"}
)
"""Duties that the provider does itself while data leave."""
