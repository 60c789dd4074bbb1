"""Operands that say when, how often, where and what for: judged at every access.

What lives here: `dateTime`, `count`, `purpose`, `spatial` of ODRL. What does not: operands about the asset (`asset`),
those of the municipal profile (`municipal`). Source: ODRL Vocabulary 2.2, left operands.
"""

from __future__ import annotations

from typing import Final

from policies import instants, places
from policies.model import ODRL, Operator
from policies.operands import reasons
from policies.operands.kinds import PLACE, TREE, tree
from policies.operands.operand import ORDER, Assurance, Operand, Origin, Phase, Place, Side, Vector
from policies.ordered import Ordered
from policies.places import Places
from policies.taxonomy import Taxonomy
from policies.vocabulary import DPV, PURPOSES, XSD

DATE_TIME: Final = ODRL + "dateTime"
COUNT: Final = ODRL + "count"
PURPOSE: Final = ODRL + "purpose"
SPATIAL: Final = ODRL + "spatial"

_LONGEST_COUNT = 15
_TERM = frozenset({XSD + "anyURI", XSD + "string"})
_ANYWHERE = frozenset(Place)


def _read_count(text: str) -> str:
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _LONGEST_COUNT:
        raise ValueError("not a whole number of uses")
    return str(int(digits))


def _count_span(canonical: str) -> tuple[int, int]:
    number = int(canonical)
    return number, number + 1


def _plain(canonical: str) -> tuple[str, None]:
    return canonical, None


PURPOSE_VALUES: Final = Taxonomy(
    {DPV + name: tuple(DPV + above for above in purpose.broader) for name, purpose in PURPOSES.items()},
    prefix=("dpv:", DPV),
)

_DAY, _NOON = "2027-01-15", "2027-01-15T12:00:00Z"
_EARLIER, _LATER = "2027-01-14T22:59:59Z", "2027-01-15T23:00:00Z"

OPERANDS: Final = (
    Operand(
        iri=DATE_TIME,
        name="dateTime",
        label=("Zeitpunkt", "date and time"),
        meaning=(
            "Der Zeitpunkt der Nutzung; ein Datum ist der ganze Tag in Europe/Berlin.",
            "The time of the use; a date is the whole day in Europe/Berlin.",
        ),
        datatypes=frozenset({XSD + "dateTime", XSD + "dateTimeStamp", XSD + "date"}),
        operators=ORDER | {Operator.EQ, Operator.NEQ},
        origin=Origin.CLOCK,
        side=Side.BOTH,
        assurance=Assurance.ENFORCED,
        phase=Phase.DURING,
        places=_ANYWHERE,
        read=instants.read,
        write=instants.write,
        fact=instants.instant,
        values=Ordered(instants.span),
        unmet=reasons.time,
        clauses={
            Operator.LT: ("vor dem {}", "before {}"),
            Operator.LTEQ: ("bis einschließlich {}", "up to and including {}"),
            Operator.GT: ("nach dem {}", "after {}"),
            Operator.GTEQ: ("ab dem {}", "from {} on"),
            Operator.EQ: ("nur am {}", "only on {}"),
            Operator.NEQ: ("außer am {}", "except on {}"),
        },
        vectors=(
            Vector(Operator.LT, (_DAY,), _EARLIER, True),
            Vector(Operator.LT, (_DAY,), _NOON, False),
            Vector(Operator.LTEQ, (_DAY,), _NOON, True),
            Vector(Operator.LTEQ, (_DAY,), _LATER, False),
            Vector(Operator.GT, (_DAY,), _LATER, True),
            Vector(Operator.GT, (_DAY,), _NOON, False),
            Vector(Operator.GTEQ, (_DAY,), _NOON, True),
            Vector(Operator.GTEQ, (_DAY,), _EARLIER, False),
            Vector(Operator.EQ, (_DAY,), _NOON, True),
            Vector(Operator.EQ, (_DAY,), _LATER, False),
            Vector(Operator.NEQ, (_DAY,), _EARLIER, True),
            Vector(Operator.NEQ, (_DAY,), _NOON, False),
        ),
    ),
    Operand(
        iri=COUNT,
        name="count",
        label=("Anzahl der Nutzungen", "number of uses"),
        meaning=("Die wievielte Nutzung es ist.", "Which number the use has."),
        datatypes=frozenset({XSD + name for name in ("integer", "nonNegativeInteger", "positiveInteger", "int")}),
        operators=ORDER | {Operator.EQ, Operator.NEQ},
        origin=Origin.COUNTER,
        side=Side.PROVIDER,
        assurance=Assurance.ENFORCED,
        phase=Phase.ACCESS,
        places=_ANYWHERE,
        read=_read_count,
        write=lambda canonical: (canonical, XSD + "integer"),
        fact=lambda text: int(_read_count(text)),
        values=Ordered(_count_span, least=1),
        unmet=reasons.count,
        clauses={
            Operator.LT: ("Nutzungen: weniger als {}", "uses: fewer than {}"),
            Operator.LTEQ: ("Nutzungen: höchstens {}", "uses: at most {}"),
            Operator.GT: ("erst nach Nutzung Nummer {}", "only after use number {}"),
            Operator.GTEQ: ("ab Nutzung Nummer {}", "from use number {} on"),
            Operator.EQ: ("nur Nutzung Nummer {}", "only use number {}"),
            Operator.NEQ: ("außer Nutzung Nummer {}", "except use number {}"),
        },
        vectors=(
            Vector(Operator.LT, ("2",), "1", True),
            Vector(Operator.LT, ("2",), "2", False),
            Vector(Operator.LTEQ, ("2",), "2", True),
            Vector(Operator.LTEQ, ("2",), "3", False),
            Vector(Operator.GT, ("2",), "3", True),
            Vector(Operator.GT, ("2",), "2", False),
            Vector(Operator.GTEQ, ("2",), "2", True),
            Vector(Operator.GTEQ, ("2",), "1", False),
            Vector(Operator.EQ, ("2",), "2", True),
            Vector(Operator.EQ, ("2",), "3", False),
            Vector(Operator.NEQ, ("2",), "1", True),
            Vector(Operator.NEQ, ("2",), "2", False),
        ),
    ),
    Operand(
        iri=PURPOSE,
        name="purpose",
        label=("Zweck", "purpose"),
        meaning=("Der Zweck der Nutzung.", "What the use is for."),
        datatypes=_TERM,
        operators=TREE,
        origin=Origin.REQUEST,
        side=Side.BOTH,
        assurance=Assurance.DECLARED,
        phase=Phase.ACCESS,
        places=_ANYWHERE,
        read=PURPOSE_VALUES.read,
        write=_plain,
        fact=PURPOSE_VALUES.read,
        values=PURPOSE_VALUES,
        unmet=reasons.named("purpose"),
        clauses={
            Operator.EQ: ("Zweck: genau {}", "purpose: exactly {}"),
            Operator.NEQ: ("Zweck: nicht {}", "purpose: not {}"),
            Operator.IS_A: (
                "Zweck: {} oder ein Zweck, der dazu gehört",
                "purpose: {} or one that belongs to it",
            ),
            Operator.IS_ANY_OF: ("Zweck: einer von {}", "purpose: one of {}"),
            Operator.IS_NONE_OF: ("Zweck: keiner von {}", "purpose: none of {}"),
            Operator.IS_ALL_OF: ("Zweck: alle von {} zugleich", "purpose: all of {} at once"),
            Operator.IS_PART_OF: ("Zweck: innerhalb von {}", "purpose: within {}"),
            Operator.HAS_PART: ("Zweck: einer, der {} umfasst", "purpose: one that includes {}"),
        },
        vectors=(
            *tree(DPV + "PublicBenefit", DPV + "DataAltruism", DPV + "CommercialPurpose"),
            Vector(Operator.IS_A, (DPV + "NonCommercialPurpose",), DPV + "ScientificResearch", False),
            Vector(Operator.IS_A, (DPV + "NonCommercialPurpose",), DPV + "NonCommercialResearch", True),
        ),
    ),
    Operand(
        iri=SPATIAL,
        name="spatial",
        label=("Ort der Nutzung", "place of use"),
        meaning=("Der Ort, an dem genutzt wird.", "The place where the use happens."),
        datatypes=_TERM,
        operators=TREE,
        origin=Origin.REQUEST,
        side=Side.BOTH,
        assurance=Assurance.DECLARED,
        phase=Phase.ACCESS,
        places=_ANYWHERE,
        read=places.read,
        write=_plain,
        fact=places.name,
        values=Places(),
        unmet=reasons.named("spatial"),
        clauses={
            Operator.EQ: ("Ort der Nutzung: genau {}", "place of use: exactly {}"),
            Operator.NEQ: ("Ort der Nutzung: nicht {}", "place of use: not {}"),
            Operator.IS_PART_OF: ("Ort der Nutzung: innerhalb von {}", "place of use: within {}"),
            Operator.IS_ANY_OF: ("Ort der Nutzung: einer von {}", "place of use: one of {}"),
            Operator.IS_NONE_OF: ("Ort der Nutzung: keiner von {}", "place of use: none of {}"),
            Operator.IS_ALL_OF: ("Ort der Nutzung: alle von {} zugleich", "place of use: all of {} at once"),
            Operator.IS_A: (
                "Ort der Nutzung: {} oder ein Ort, der dazu gehört",
                "place of use: {} or one that belongs to it",
            ),
            Operator.HAS_PART: ("Ort der Nutzung: einer, der {} umfasst", "place of use: one that includes {}"),
        },
        vectors=PLACE.vectors,
    ),
)
"""`count` judges the number of the use that is asked for."""
