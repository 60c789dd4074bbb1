"""The short form: a policy as a small TOML file that a person in a town hall can read and change.

What lives here: reading and writing it. What does not: values (`operands`), spreading (`normalise`). TOML 1.0.

    policy = "urn:example:traffic"            # its IRI; left out: `urn:allmende:policy`, a name that is to be given
    kind = "Offer"                            # Offer (where left out), Set, Agreement, Request, Assertion, Ticket, Privacy
    profile = "municipal"                     # where left out: municipal. Or "odrl", "core", "dsp", any IRI, or a list
    title = "Verkehrszaehlung"                # a remark: title, description, creator, source, ... or [remarks] "IRI" = "..."
    target = "https://stadt.example/daten/verkehr"
    assigner = "did:web:stadt.example"
    assignee = "did:web:stadtwerke.example"
    conflict = "prohibit"                     # prohibit, perm, invalid
    notice = "P30D"                           # either party can end the contract with this notice
    timestamp = "2027-01-01T09:00:00Z"        # Agreement only

    [[permission]]
    action = "use"                            # local name of ODRL or of our own actions, or an IRI
    purpose.isA = "PublicBenefit"             # OPERAND.OPERATOR = VALUE
    spatial.isPartOf = "05515"                # places by key, purposes and legal bases by local name, others by IRI
    dateTime = { gteq = "2027-01-01", lteq = "2027-12-31" }      # two constraints on one operand
    count.lteq = 3
    language = "de"                           # OPERAND = VALUE is `eq`
    "urn:example:operand".eq = "x"            # an operand in full, where it has no short name

    [[permission.duty]]                       # also permission.duty.consequence, prohibition.remedy, obligation.consequence
    action = "coarsen"
    temporalResolution = "PT1H"               # a parameter is a constraint of the duty

    [[permission.any]]                        # one of these holds (or); each table: all that stands in it (and)
    purpose.isA = "ScientificResearch"
    [[permission.any]]
    purpose.isA = "PublicBenefit"
    spatial.isPartOf = "05"

    [[prohibition]]
    action = "distribute"

    [[obligation]]
    action = "delete"
    dateTime.lt = "2028-01-01"

- `any` (or), `all` (and), `one` (xone), `sequence` (andSequence) take a list of tables; nested as deep as need be. Several
  `any` in one rule stand in `constraint = [{ any = [...] }, { any = [...] }]`.
- A list of values goes with isAnyOf, isNoneOf, isAllOf; `OPERAND = [..]` is isAnyOf. A list under isA or isPartOf means
  any one of them: `purpose.isA = ["PublicBenefit", "ScientificResearch"]`.
- What the table form has no place for stands in `constraint = [{ left = "count", operator = "lteq", right = "3", unit = "IRI",
  status = "1", id = "IRI", datatype = "IRI" }]`, or `reference = "IRI"` in the place of `right`.
- `refinement = { ... }` narrows an action, in the same words as constraints (`refinement.resolution.lteq = 300`).
- `target`, `assigner`, `assignee` of a rule: an IRI, or `{ collection = "IRI", refinement = { ... } }`. `output` likewise;
  other parties in `parties.informedParty = "did:..."`. `id = "IRI"` of a rule. Numbers may be written bare.
"""

from __future__ import annotations

from policies.model import Policy


def read(text: str, *, lenient: bool = False) -> Policy:
    """The policy that the text states. Raises `PolicyError`; places are JSON pointers (`/permission/0/purpose`)."""
    raise NotImplementedError


def write(policy: Policy) -> str:
    """The policy as text, which `read` reads to the same policy. Raises `PolicyError` where it cannot be said."""
    raise NotImplementedError
