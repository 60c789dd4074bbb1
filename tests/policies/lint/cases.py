"""For every rule of lint a text that it finds something in, on the line with the mark, and one in which it does not.

`MARK` stands at the end of the line that the finding has to name; it is taken out before a text is looked through, so
that it can stand in JSON as well. A case without a mark is one whose place is the file as a whole.
"""

from __future__ import annotations

from typing import NamedTuple

from policies.forms import Form

MARK = "  #!"
RULE = """policy = "https://stadt.example/regel"
[[permission]]
action = "use"
"""
COARSENED = f"""{RULE}[[permission.duty]]
action = "coarsen"
temporalResolution = "PT1H"
"""
PREFIXES = """@prefix odrl: <http://www.w3.org/ns/odrl/2/> .
@prefix own: <urn:allmende:> .
@prefix dpv: <https://w3id.org/dpv#> .
@prefix gdpr: <https://w3id.org/dpv/legal/eu/gdpr#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix ex: <https://stadt.example/> .
"""
COMMON = "odrl:profile <http://www.w3.org/ns/odrl/2/> ;"
MUNICIPAL = "odrl:profile <urn:allmende:profile:municipal:1> ;"
NUMBERS = '"{}"^^xsd:integer'


class Case(NamedTuple):
    """What a rule finds, and what it does not find fault with."""

    bad: str
    good: str
    form: Form = Form.TURTLE


def turtle(body: str, *, kind: str = "Set", head: str = COMMON, more: str = "", name: str = "ex:regel") -> str:
    return f"{PREFIXES}{name} a odrl:{kind} ;\n  {head}\n{body} .\n{more}"


def permission(inner: str = "", *, action: str = "odrl:use", target: str = "odrl:target ex:zaehlung ;") -> str:
    """A permission over several lines; `inner` stands on lines of its own."""
    return f"  odrl:permission [\n    odrl:action {action} ;\n    {target}\n    {inner}\n  ]"


def prohibition(inner: str = "", *, action: str = "odrl:use") -> str:
    return f"  odrl:prohibition [\n    odrl:action {action} ;\n    odrl:target ex:zaehlung ;\n    {inner}\n  ]"


def atom(left: str, operator: str, right: str) -> str:
    return f"[ odrl:leftOperand {left} ; odrl:operator odrl:{operator} ; odrl:rightOperand {right} ]"


def under(left: str, operator: str, right: str, *, head: str = COMMON, mark: str = MARK) -> str:
    """A permission under one constraint."""
    return turtle(permission(f"odrl:constraint {atom(left, operator, right)} ;{mark}"), head=head)


def under_all(*constraints: str, head: str = COMMON, mark: str = "") -> str:
    """A permission under several constraints; the mark is for the rule."""
    inner = "\n    ".join(f"odrl:constraint {one} ;" for one in constraints)
    return turtle(
        f"  odrl:permission [{mark}\n    odrl:action odrl:use ;\n    odrl:target ex:z ;\n    {inner}\n  ]", head=head
    )


def duty(action: str, inner: str = "", *, mark: str = "") -> str:
    """A permission with a duty of the municipal profile."""
    return turtle(
        permission(f"odrl:duty [{mark}\n      odrl:action {action} ;\n      {inner}\n    ] ;"), head=MUNICIPAL
    )


def licensed(licence: str, inner: str = "", mark: str = "", more: str = "") -> str:
    return turtle(permission(inner) + more, head=f"{MUNICIPAL} dct:license <{licence}> ;{mark}")


def wire(body: str, kind: str = "Offer", named: str = '"@id": "urn:uuid:0197a1c0-0000-7000-8000-000000000001",') -> str:
    context = '"@context": ["https://w3id.org/dspace/2025/1/context.jsonld"]'
    return f'{{\n  {context},\n  {named}\n  "@type": "{kind}"{body}\n}}\n'


ALLOWED = ',\n  "permission": [{"action": "use"}]'


def on_the_wire(constraint: str) -> str:
    return wire(f',\n  "permission": [{{"action": "use", "constraint": [\n    {constraint}\n  ]}}]')


BY, ZERO = ("http://dcat-ap.de/def/licenses/dl-by-de/2.0", "http://dcat-ap.de/def/licenses/dl-zero-de/2.0")
ATTRIBUTED = "odrl:duty [ odrl:action odrl:attribute ] ;"
COUNTED = atom("odrl:count", "lteq", '"3"^^xsd:integer')
LATER = atom("odrl:dateTime", "gteq", '"2027-01-01T00:00:00Z"^^xsd:dateTime')
EARLIER = atom("odrl:dateTime", "lt", '"2026-01-01T00:00:00Z"^^xsd:dateTime')
PERSONAL = atom("own:dataClass", "eq", "own:personal")
SPECIAL = atom("own:dataClass", "eq", "own:special")
CRITICAL = atom("own:dataClass", "eq", "own:criticalInfrastructure")
OPEN = atom("own:dataClass", "eq", "own:open")
BASIS = atom("own:legalBasis", "isA", "gdpr:A6-1-e")
NINTH = atom("own:legalBasis", "isA", "gdpr:A9-2-i")
PURPOSE = atom("odrl:purpose", "isA", "dpv:PublicPolicyMaking")
PLAIN = turtle(permission())
DELETE = (
    "odrl:duty [ odrl:action odrl:delete ; odrl:constraint "
    + atom("own:retentionPeriod", "lteq", '"P90D"^^xsd:duration')
    + " ] ;"
)


def guarded(*constraints: str, action: str = "odrl:use", inner: str = "", mark: str = "") -> str:
    """A permission of the municipal profile; the mark is for the rule."""
    told = "\n    ".join(f"odrl:constraint {one} ;" for one in constraints)
    return turtle(
        f"  odrl:permission [{mark}\n    odrl:action {action} ;\n    odrl:target ex:z ;\n    {told}\n    {inner}\n  ]",
        head=MUNICIPAL,
    )


CASES: dict[str, Case] = {
    "form.unreadable": Case(
        "[[permission]]\nactions = [\n",
        'policy = "https://stadt.example/regel"\n\n[[permission]]\naction = "use"\n',
        Form.TOML,
    ),
    "form.duplicate": Case(
        wire(',\n  "permission": [{"action": "use"}],\n  "permission": [{"action": "use"}]'), wire(ALLOWED), Form.DSP
    ),
    "reading.refused": Case(
        on_the_wire(f'{{"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "viele"}}{MARK}'),
        on_the_wire('{"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "3"}'),
        Form.DSP,
    ),
    "reading.refuses": Case(
        under_all(atom("odrl:count", "lteq", '"3"^^xsd:integer') + " ; odrl:unit ex:a, ex:b"), PLAIN
    ),
    "policy.missing": Case(PREFIXES + 'ex:zaehlung dct:title "Zählung" .\n', PLAIN),
    "policy.uid": Case(turtle(permission(), name="[]").replace("[] a", "[] a" + "", 1), PLAIN),
    "policy.uids": Case(turtle(f"  odrl:uid ex:andere ;{MARK}\n" + permission()), PLAIN),
    "policy.rules": Case(f'{PREFIXES}ex:regel a odrl:Set ;{MARK}\n  dct:title "leer" .\n', PLAIN),
    "policy.classes": Case(
        f"{PREFIXES}ex:regel a odrl:Offer, odrl:Agreement ;{MARK}\n  odrl:assigner ex:stadt ; odrl:assignee ex:land ;\n"
        + permission()
        + " .\n",
        PLAIN,
    ),
    "policy.replaced": Case(turtle(f"  dct:isReplacedBy ex:neu ;{MARK}\n" + permission()), PLAIN),
    "offer.assigner": Case(
        turtle(permission().replace("odrl:permission [", "odrl:permission [" + MARK), kind="Offer"),
        turtle("  odrl:assigner ex:stadt ;\n" + permission(), kind="Offer"),
    ),
    "agreement.assigner": Case(
        turtle(
            "  odrl:assignee ex:land ;\n" + permission().replace("odrl:permission [", "odrl:permission [" + MARK),
            kind="Agreement",
        ),
        turtle("  odrl:assigner ex:stadt ; odrl:assignee ex:land ;\n" + permission(), kind="Agreement"),
    ),
    "agreement.assignee": Case(
        turtle(
            "  odrl:assigner ex:stadt ;\n" + permission().replace("odrl:permission [", "odrl:permission [" + MARK),
            kind="Agreement",
        ),
        turtle("  odrl:assigner ex:stadt ; odrl:assignee ex:land ;\n" + permission(), kind="Agreement"),
    ),
    "profile.missing": Case(
        turtle(permission(action=f"odrl:read ;{MARK}\n   "), head=""), turtle(permission(), head="")
    ),
    "profile.unknown": Case(turtle(permission(), head=f"odrl:profile ex:hausordnung ;{MARK}"), PLAIN),
    "inherit.circular": Case(
        turtle(
            f"  odrl:inheritFrom ex:zwei ;{MARK}\n" + permission(),
            more=f"ex:zwei a odrl:Set ;\n  odrl:inheritFrom ex:regel .{MARK}\n",
        ),
        turtle("  odrl:inheritFrom ex:zwei ;\n" + permission(), more="ex:zwei a odrl:Set ;\n" + permission() + " .\n"),
    ),
    "inherit.missing": Case(
        turtle(f"  odrl:inheritFrom ex:zwei ;{MARK}\n" + permission()),
        turtle("  odrl:inheritFrom ex:zwei ;\n" + permission(), more="ex:zwei a odrl:Set ;\n" + permission() + " .\n"),
    ),
    "inherit.iri": Case(turtle(f'  odrl:inheritFrom "die alte" ;{MARK}\n' + permission()), PLAIN),
    "conflict.unknown": Case(
        turtle(f"  odrl:conflict ex:losen ;{MARK}\n" + permission(), head=""),
        turtle("  odrl:conflict odrl:prohibit ;\n" + permission(), head=""),
    ),
    "conflict.several": Case(
        turtle(f"  odrl:conflict odrl:perm , odrl:prohibit ;{MARK}\n" + permission()),
        turtle("  odrl:conflict odrl:prohibit ;\n" + permission()),
    ),
    "conflict.place": Case(
        turtle(permission(f"odrl:conflict odrl:perm ;{MARK}")), turtle("  odrl:conflict odrl:perm ;\n" + permission())
    ),
    "rule.action": Case(turtle(f"  odrl:permission [{MARK}\n    odrl:target ex:zaehlung\n  ]"), PLAIN),
    "rule.target": Case(turtle(f"  odrl:permission [{MARK}\n    odrl:action odrl:use\n  ]"), PLAIN),
    "rule.nested": Case(
        turtle(permission(f"odrl:permission [ odrl:action odrl:read ; odrl:target ex:zaehlung ] ;{MARK}")), PLAIN
    ),
    "rule.classes": Case(
        turtle(f"  odrl:permission [ a odrl:Prohibition ;{MARK}\n    odrl:action odrl:use ; odrl:target ex:z ]"),
        turtle("  odrl:permission [ a odrl:Permission ;\n    odrl:action odrl:use ; odrl:target ex:z ]"),
    ),
    "rule.misplaced": Case(
        turtle(permission(action=f"[ rdf:value odrl:use ;\n      odrl:assignee ex:land{MARK}\n    ]")),
        turtle(permission("odrl:assignee ex:land ;")),
    ),
    "rule.literal": Case(
        turtle(permission(f'odrl:assignee "das Land" ;{MARK}')), turtle(permission("odrl:assignee ex:land ;"))
    ),
    "action.unknown": Case(turtle(permission(action=f"ex:angaffen ;{MARK}\n   "), head=""), PLAIN),
    "action.deprecated": Case(
        turtle(permission(action=f"odrl:write ;{MARK}\n   ")), turtle(permission(action="odrl:modify"))
    ),
    "duty.consequence": Case(
        turtle(
            permission(
                "odrl:duty [ odrl:action odrl:inform ; odrl:consequence [ odrl:action odrl:compensate ;\n"
                f"      odrl:consequence [ odrl:action odrl:delete ]{MARK}\n    ] ] ;"
            )
        ),
        turtle(
            permission("odrl:duty [ odrl:action odrl:inform ; odrl:consequence [ odrl:action odrl:compensate ] ] ;")
        ),
    ),
    "remedy.consequence": Case(
        turtle(
            prohibition(
                "odrl:remedy [ odrl:action odrl:delete ;\n"
                f"      odrl:consequence [ odrl:action odrl:compensate ]{MARK}\n    ] ;"
            )
        ),
        turtle(prohibition("odrl:remedy [ odrl:action odrl:delete ] ;")),
    ),
    "duty.place": Case(
        turtle(prohibition(f"odrl:duty [ odrl:action odrl:inform ] ;{MARK}")),
        turtle(permission("odrl:duty [ odrl:action odrl:inform ] ;")),
    ),
    "constraint.left": Case(
        turtle(permission(f'odrl:constraint [ odrl:operator odrl:eq ; odrl:rightOperand "x" ] ;{MARK}')),
        under("odrl:purpose", "eq", "dpv:Marketing"),
    ),
    "constraint.operator": Case(
        turtle(permission(f'odrl:constraint [ odrl:leftOperand odrl:count ; odrl:rightOperand "3" ] ;{MARK}')),
        under_all(COUNTED),
    ),
    "constraint.right": Case(
        turtle(permission(f"odrl:constraint [ odrl:leftOperand odrl:count ; odrl:operator odrl:lteq ] ;{MARK}")),
        under_all(COUNTED),
    ),
    "constraint.several": Case(
        turtle(
            permission(
                "odrl:constraint [ odrl:leftOperand odrl:count ; odrl:rightOperand 3 ;\n"
                f"      odrl:operator odrl:lt, odrl:eq{MARK}\n    ] ;"
            )
        ),
        under_all(COUNTED),
    ),
    "constraint.both": Case(
        turtle(
            permission(
                "odrl:constraint [ odrl:leftOperand odrl:count ; odrl:operator odrl:lt ; odrl:rightOperand 3 ;\n"
                f"      odrl:rightOperandReference ex:grenze{MARK}\n    ] ;"
            )
        ),
        under_all(COUNTED),
    ),
    "constraint.reference": Case(
        turtle(
            permission(
                "odrl:constraint [ odrl:leftOperand odrl:count ; odrl:operator odrl:lt ;\n"
                f'      odrl:rightOperandReference "die Grenze"{MARK}\n    ] ;'
            )
        ),
        under_all(COUNTED),
    ),
    "constraint.fetched": Case(
        turtle(
            permission(
                "odrl:constraint [ odrl:leftOperand odrl:count ; odrl:operator odrl:lt ;\n"
                f"      odrl:rightOperandReference ex:grenze{MARK}\n    ] ;"
            )
        ),
        under_all(COUNTED),
    ),
    "constraint.blank": Case(under("odrl:purpose", "eq", '[ dct:title "Planung" ]'), under_all(PURPOSE)),
    "constraint.set": Case(under("odrl:purpose", "eq", "( dpv:Marketing dpv:Advertising )"), under_all(PURPOSE)),
    "constraint.foreign": Case(
        turtle(permission(f"odrl:constraint [ ex:nurBei ex:sonne ] ;{MARK}"), head="odrl:profile ex:profil ;"),
        under_all(PURPOSE),
    ),
    "operand.unknown": Case(under("ex:wetter", "eq", "ex:sonne", head=""), under_all(PURPOSE)),
    "operand.deprecated": Case(under("odrl:device", "eq", "ex:pult"), under_all(PURPOSE)),
    "operand.place": Case(
        under("own:epsilon", "lteq", '"1"^^xsd:decimal', head=MUNICIPAL),
        duty("own:perturb", "odrl:constraint " + atom("own:epsilon", "eq", '"1"^^xsd:decimal')),
    ),
    "operator.unknown": Case(
        turtle(
            permission(
                "odrl:constraint [ odrl:leftOperand odrl:count ; odrl:rightOperand 3 ;\n"
                f"      odrl:operator ex:rund{MARK}\n    ] ;"
            ),
            head="",
        ),
        under_all(COUNTED),
    ),
    "operator.unfit": Case(under("odrl:count", "isA", '"3"^^xsd:integer'), under_all(COUNTED)),
    "logical.member": Case(
        turtle(permission(f'odrl:constraint [ odrl:or ( [ dct:title "nichts" ] {COUNTED} ) ] ;{MARK}')),
        under_all(f"[ odrl:or ( {COUNTED} {PURPOSE} ) ]"),
    ),
    "logical.mixed": Case(
        turtle(
            permission(
                f"odrl:constraint [ odrl:or ( {COUNTED} {PURPOSE} ) ; odrl:and ( {COUNTED} {PURPOSE} ) ] ;{MARK}"
            )
        ),
        under_all(f"[ odrl:or ( {COUNTED} {PURPOSE} ) ]"),
    ),
    "logical.order": Case(
        turtle(permission(f"odrl:constraint [ odrl:andSequence {COUNTED}, {PURPOSE} ] ;{MARK}")),
        under_all(f"[ odrl:andSequence ( {COUNTED} {PURPOSE} ) ]"),
    ),
    "collection.source": Case(
        turtle(permission(f"odrl:assignee [ a odrl:PartyCollection ; odrl:refinement {PURPOSE} ] ;{MARK}")),
        turtle(
            permission(f"odrl:assignee [ a odrl:PartyCollection ; odrl:source ex:alle ; odrl:refinement {PURPOSE} ] ;")
        ),
    ),
    "refinement.place": Case(
        turtle(permission(f"odrl:refinement {COUNTED} ;{MARK}")), turtle(permission(f"odrl:constraint {COUNTED} ;"))
    ),
    "property.unknown": Case(
        turtle(permission(f"odrl:constraints {COUNTED} ;{MARK}")),
        turtle(permission('odrl:description "Zählung" ;') + " ;\n  odrl:inheritRelation ex:alt"),
    ),
    "value.lexical": Case(
        under("odrl:dateTime", "lt", '"2027-02-29T00:00:00Z"^^xsd:dateTime'),
        under("odrl:dateTime", "lt", '"2028-02-29T00:00:00Z"^^xsd:dateTime', mark=""),
    ),
    "term.unknown": Case(turtle(permission(f"odrl:targt ex:zaehlung ;{MARK}"), head="odrl:profile ex:profil ;"), PLAIN),
    "wire.number": Case(
        on_the_wire(f'{{"leftOperand": "odrl:count", "operator": "lteq",\n     "rightOperand": 3}}{MARK}'),
        on_the_wire('{"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "3"}'),
        Form.DSP,
    ),
    "wire.operator": Case(
        on_the_wire(f'{{"leftOperand": "odrl:count",\n     "operator": "term-lteq",{MARK}\n     "rightOperand": "3"}}'),
        on_the_wire('{"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "3"}'),
        Form.DSP,
    ),
    "wire.target": Case(
        wire(f',\n  "permission": [{{"action": "use",\n    "target": "urn:example:zaehlung"}}]{MARK}'),
        wire(ALLOWED),
        Form.DSP,
    ),
    "wire.agreement": Case(
        wire(ALLOWED, kind="Agreement"),
        wire(
            ',\n  "timestamp": "2027-01-01T00:00:00Z", "assigner": "did:web:stadt.example",'
            ' "assignee": "did:web:land.example", "target": "urn:example:zaehlung"' + ALLOWED,
            kind="Agreement",
        ),
        Form.DSP,
    ),
    "wire.offer": Case(wire(ALLOWED, named=""), wire(ALLOWED), Form.DSP),
    "wire.rules": Case(wire(',\n  "obligation": [{"action": "use"}]'), wire(ALLOWED), Form.DSP),
    "wire.term": Case(wire(f',\n  "conflict": "prohibit"{MARK}' + ALLOWED), wire(ALLOWED), Form.DSP),
    "wire.sequence": Case(
        on_the_wire(
            '{\n     "andSequence": [{"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "3"}]}' + MARK
        ),
        on_the_wire('{"and": [{"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "3"}]}'),
        Form.DSP,
    ),
    "time.naive": Case(under("odrl:dateTime", "lt", '"2027-01-01T00:00:00"^^xsd:dateTime'), under_all(LATER)),
    "time.text": Case(under("odrl:dateTime", "lt", '"2027-01-01T00:00:00Z"'), under_all(LATER)),
    "time.day": Case(under("odrl:dateTime", "lt", '"2027-01-01"^^xsd:date'), under_all(LATER)),
    "time.eq": Case(under("odrl:dateTime", "eq", '"2027-01-01T00:00:00Z"^^xsd:dateTime'), under_all(LATER)),
    "value.unreadable": Case(under("odrl:elapsedTime", "lteq", '"ein Monat"'), under_all(COUNTED)),
    "purpose.text": Case(under("odrl:purpose", "eq", '"Verkehrsplanung"'), under_all(PURPOSE)),
    "purpose.unknown": Case(under("odrl:purpose", "eq", "ex:verkehrsplanung"), under_all(PURPOSE)),
    "purpose.exact": Case(under("odrl:purpose", "eq", "dpv:PublicBenefit"), under_all(PURPOSE)),
    "purpose.every": Case(under("odrl:purpose", "isA", "dpv:Purpose"), under_all(PURPOSE)),
    "purpose.research": Case(under("odrl:purpose", "isA", "dpv:NonCommercialPurpose"), under_all(PURPOSE)),
    "place.unknown": Case(
        under("odrl:spatial", "isPartOf", "ex:altstadt"),
        under("odrl:spatial", "isPartOf", "<http://dcat-ap.de/def/politicalGeocoding/districtKey/05515>"),
    ),
    "place.exact": Case(
        under("odrl:spatial", "eq", "<http://dcat-ap.de/def/politicalGeocoding/districtKey/05515>"),
        under("odrl:spatial", "isPartOf", "<http://dcat-ap.de/def/politicalGeocoding/districtKey/05515>"),
    ),
    "party.text": Case(under("odrl:recipient", "eq", '"Tiefbauamt"'), under("odrl:recipient", "eq", "ex:tiefbau")),
    "count.zero": Case(under("odrl:count", "lteq", '"0"^^xsd:integer'), under_all(COUNTED)),
    "sense.single": Case(
        turtle(permission(f"odrl:constraint [ odrl:or ( {COUNTED} ) ] ;{MARK}")),
        under_all(f"[ odrl:or ( {COUNTED} {PURPOSE} ) ]"),
    ),
    "sense.repeated": Case(under_all(COUNTED, COUNTED, mark=MARK), under_all(COUNTED, PURPOSE)),
    "sense.duplicate": Case(
        turtle(permission() + " ;\n" + permission().replace("permission [", f"permission [{MARK}")),
        turtle(permission() + " ;\n" + permission(action="odrl:read")),
    ),
    "sense.never": Case(under_all(LATER, EARLIER, mark=MARK), under_all(LATER, COUNTED)),
    "sense.covered": Case(
        turtle(
            "  odrl:conflict odrl:prohibit ;\n"
            + permission(action="odrl:read").replace("permission [", f"permission [{MARK}")
            + " ;\n"
            + prohibition()
        ),
        turtle("  odrl:conflict odrl:prohibit ;\n" + permission() + " ;\n" + prohibition(action="odrl:print")),
    ),
    "sense.denies": Case(under_all(LATER, EARLIER).replace("a odrl:Set ;", f"a odrl:Set ;{MARK}"), under_all(LATER)),
    "sense.vacuous": Case(
        turtle(permission() + " ;\n" + permission(action="odrl:read").replace("permission [", f"permission [{MARK}")),
        turtle(permission(action="odrl:print") + " ;\n" + permission(action="odrl:read")),
    ),
    "sense.conflict": Case(
        turtle(
            permission() + " ;\n" + prohibition(action="odrl:print").replace("prohibition [", f"prohibition [{MARK}")
        ),
        turtle("  odrl:conflict odrl:prohibit ;\n" + permission() + " ;\n" + prohibition(action="odrl:print")),
    ),
    "sense.owed": Case(
        turtle(
            "  odrl:conflict odrl:prohibit ;\n"
            + permission("odrl:duty [ odrl:action odrl:archive ] ;", action="odrl:read")
            + " ;\n"
            + prohibition(action="odrl:archive").replace("prohibition [", f"prohibition [{MARK}")
        ),
        turtle(
            "  odrl:conflict odrl:prohibit ;\n"
            + permission("odrl:duty [ odrl:action odrl:archive ] ;", action="odrl:read")
            + " ;\n"
            + prohibition(action="odrl:print")
        ),
    ),
    "sense.unlimited": Case(turtle(permission().replace("permission [", f"permission [{MARK}")), under_all(COUNTED)),
    "sense.name": Case(
        'policy = "urn:allmende:policy"\n\n[[permission]]\naction = "use"\n',
        'policy = "https://stadt.example/regel"\n\n[[permission]]\naction = "use"\n',
        Form.TOML,
    ),
    "duty.parameter": Case(
        duty("own:coarsen", mark=MARK),
        duty("own:coarsen", "odrl:constraint " + atom("own:temporalResolution", "eq", '"PT1H"^^xsd:duration')),
    ),
    "wire.carry": Case(
        RULE + f"[[obligation]]\naction = 'delete'\n[[obligation.consequence]]{MARK}\naction = 'inform'\n",
        RULE + "[[obligation]]\naction = 'delete'\n",
        Form.TOML,
    ),
    "duty.undoable": Case(
        COARSENED.replace("duty]]", f"duty]]{MARK}"),
        COARSENED + 'timeField = "zeit"\n',
        Form.TOML,
    ),
    "duty.deadline": Case(duty("odrl:delete", mark=MARK), turtle(permission(DELETE), head=MUNICIPAL)),
    "group.small": Case(
        duty("odrl:anonymize", f"odrl:constraint {atom('own:minGroupSize', 'eq', NUMBERS.format(2))} ;{MARK}"),
        duty("odrl:anonymize", f"odrl:constraint {atom('own:minGroupSize', 'eq', NUMBERS.format(10))}"),
    ),
    "noise.weak": Case(
        duty("own:perturb", "odrl:constraint " + atom("own:epsilon", "eq", '"8"^^xsd:decimal') + f" ;{MARK}"),
        duty("own:perturb", "odrl:constraint " + atom("own:epsilon", "eq", '"0.5"^^xsd:decimal')),
    ),
    "law.open": Case(licensed(BY, f"odrl:constraint {PURPOSE} ;{MARK}\n    {ATTRIBUTED}"), licensed(BY, ATTRIBUTED)),
    "law.basis": Case(guarded(PERSONAL, PURPOSE, mark=MARK), guarded(PERSONAL, BASIS, PURPOSE)),
    "law.special": Case(guarded(SPECIAL, BASIS, PURPOSE, mark=MARK), guarded(SPECIAL, NINTH, PURPOSE)),
    "law.purpose": Case(guarded(PERSONAL, BASIS, mark=MARK), guarded(PERSONAL, BASIS, PURPOSE)),
    "law.deletion": Case(guarded(PERSONAL, BASIS, PURPOSE, mark=MARK), guarded(PERSONAL, BASIS, PURPOSE, inner=DELETE)),
    "law.onward": Case(
        guarded(PERSONAL, BASIS, PURPOSE, action="odrl:distribute", mark=MARK),
        guarded(
            PERSONAL, BASIS, PURPOSE, action="odrl:distribute", inner="odrl:duty [ odrl:action odrl:nextPolicy ] ;"
        ),
    ),
    "law.exclusive": Case(
        guarded(OPEN, inner=f"odrl:duty [ odrl:action odrl:ensureExclusivity ] ;{MARK}"), guarded(OPEN)
    ),
    "law.class": Case(guarded(OPEN, inner=f"odrl:constraint {PURPOSE} ;{MARK}"), guarded(OPEN)),
    "law.critical": Case(guarded(CRITICAL, action="odrl:distribute", mark=MARK), guarded(CRITICAL, action="odrl:read")),
    "law.attribution": Case(licensed(BY, mark=MARK), licensed(BY, ATTRIBUTED)),
    "law.zero": Case(licensed(ZERO, ATTRIBUTED, mark=MARK), licensed(ZERO)),
}
