"""Operands of ODRL about the asset and the circumstances of its use that nobody but the user can tell.

What lives here: sizes, positions, formats, media, recipients, payments and the like. What does not: what is judged at
every access (`access`, `timing`). Source: ODRL Vocabulary 2.2, left operands.

None of these is enforced: the provider hears of them from whoever asks, and a constraint on one of which nothing is
said refuses.
"""

from __future__ import annotations

from typing import Final

from policies.model import ODRL
from policies.operands.kinds import AFTERWARDS, LANGUAGE, NAME, PARTY, STATED, TEXT, decimal, make
from policies.operands.operand import Both, Operand

_CURRENCY = "http://publications.europa.eu/resource/authority/currency/EUR"

_COORDINATES: tuple[tuple[str, Both, Both], ...] = (
    (
        "absolutePosition",
        ("feste Lage", "absolute position"),
        ("Wo etwas liegt, in festen Koordinaten.", "Where something lies, in absolute coordinates."),
    ),
    (
        "absoluteSpatialPosition",
        ("feste Lage im Raum", "absolute spatial position"),
        ("Wo etwas im Raum liegt, in festen Koordinaten.", "Where something lies in space, in absolute coordinates."),
    ),
    (
        "relativePosition",
        ("verhältnismäßige Lage", "relative position"),
        ("Wo etwas liegt, im Verhältnis zum Ganzen.", "Where something lies, relative to the whole."),
    ),
    (
        "relativeSpatialPosition",
        ("verhältnismäßige Lage im Raum", "relative spatial position"),
        ("Wo etwas im Raum liegt, im Verhältnis zum Ganzen.", "Where something lies in space, relative to the whole."),
    ),
    (
        "spatialCoordinates",
        ("Koordinaten der Nutzung", "coordinates of use"),
        ("In welchen Grenzen genutzt wird, in Koordinaten.", "Within which bounds the use happens, in coordinates."),
    ),
    (
        "deliveryChannel",
        ("Übertragungsweg", "delivery channel"),
        ("Auf welchem Weg geliefert wird.", "By which channel it is delivered."),
    ),
    (
        "fileFormat",
        ("Dateiformat", "file format"),
        ("In welches Format gebracht wird.", "Which format it is brought into."),
    ),
    (
        "industry",
        ("Wirtschaftszweig", "industry"),
        ("In welchem Wirtschaftszweig genutzt wird.", "In which industry it is used."),
    ),
    ("media", ("Medium", "media"), ("In welchem Medium genutzt wird.", "In which kind of media it is used.")),
    ("product", ("Produkt", "product"), ("Für welches Produkt genutzt wird.", "For which product it is used.")),
    ("version", ("Fassung", "version"), ("Welche Fassung genutzt wird.", "Which version is used.")),
    (
        "unitOfCount",
        ("Zähleinheit", "unit of count"),
        ("Wonach gezählt wird.", "What is counted by."),
    ),
    (
        "virtualLocation",
        ("Ort im Netz", "virtual location"),
        ("An welchem Ort im Netz genutzt wird.", "At which place of the network it is used."),
    ),
)

_SYSTEMS: tuple[tuple[str, Both, Both], ...] = (
    (
        "systemDevice",
        ("Gerät oder System", "system or device"),
        ("Auf welchem Gerät oder System genutzt wird.", "On which system or device it is used."),
    ),
    (
        "system",
        ("System (veraltet)", "system (deprecated)"),
        ("Auf welchem System genutzt wird; heute: systemDevice.", "On which system it is used; now systemDevice."),
    ),
    (
        "device",
        ("Gerät (veraltet)", "device (deprecated)"),
        ("Auf welchem Gerät genutzt wird; heute: systemDevice.", "On which device it is used; now systemDevice."),
    ),
)

_MEASURES: tuple[tuple[str, Both, Both], ...] = (
    ("absoluteSize", ("Größe", "size"), ("Wie groß etwas ist.", "How large something is.")),
    (
        "absoluteTemporalPosition",
        ("Stelle im Ablauf", "temporal position"),
        ("An welcher Stelle eines Ablaufs etwas liegt, in Sekunden.", "At which second of a stream something lies."),
    ),
    ("resolution", ("Auflösung", "resolution"), ("Wie fein etwas wiedergegeben wird.", "How finely it is rendered.")),
)

_SHARES: tuple[tuple[str, Both, Both, str | None], ...] = (
    (
        "percentage",
        ("Anteil in Prozent", "percentage"),
        ("Wie viel vom Ganzen genutzt wird.", "How much of it is used."),
        "100",
    ),
    (
        "relativeSize",
        ("Größe in Prozent", "relative size"),
        ("Wie groß etwas ist, im Verhältnis zum Ganzen.", "How large something is, relative to the whole."),
        None,
    ),
    (
        "relativeTemporalPosition",
        ("Stelle im Ablauf in Prozent", "relative temporal position"),
        ("An welcher Stelle eines Ablaufs etwas liegt.", "At which part of a stream something lies."),
        "100",
    ),
)

_MEASURE = decimal(None, None, "999.5", "1000", "1000.5")

OPERANDS: Final[tuple[Operand, ...]] = (
    *(make(ODRL + name, label, meaning, TEXT, STATED) for name, label, meaning in _COORDINATES),
    *(make(ODRL + name, label, meaning, NAME, STATED) for name, label, meaning in _SYSTEMS),
    *(make(ODRL + name, label, meaning, _MEASURE, STATED) for name, label, meaning in _MEASURES),
    *(
        make(ODRL + name, label, meaning, decimal("0", most, "49.9", "50", "50.1"), STATED, around=("{} %", "{} %"))
        for name, label, meaning, most in _SHARES
    ),
    make(
        ODRL + "payAmount",
        ("Betrag", "amount"),
        ("Wie viel gezahlt wird.", "How much is paid."),
        decimal("0", None, "4.99", "5", "5.01"),
        STATED,
        units={_CURRENCY: "1", "http://dbpedia.org/resource/Euro": "1"},
    ),
    make(
        ODRL + "language",
        ("Sprache", "language"),
        ("In welcher Sprache genutzt wird.", "In which language it is used."),
        LANGUAGE,
        STATED,
    ),
    make(
        ODRL + "recipient",
        ("Empfänger", "recipient"),
        ("Wer das Ergebnis der Nutzung bekommt.", "Who receives the result of the use."),
        PARTY,
        AFTERWARDS,
    ),
)
