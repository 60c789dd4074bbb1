"""Operands of our own profile about who asks: what credentials, or the user, say.

What lives here: membership, keys, roles, security, the system that asks. What does not: checking credentials (`certs`).
Source: our own profile; the classes of usage control of the International Data Spaces that they carry.
"""

from __future__ import annotations

from typing import Final

from policies.model import Operator
from policies.operands.kinds import NAME, PARTY, PLACE, PROVED, TEXT, Use, levels, make
from policies.operands.operand import IDENTITY, Assurance, Operand, Origin, Phase, Side
from policies.vocabulary import OWN

MEMBER_OF: Final = OWN + "memberOf"
MUNICIPALITY_KEY: Final = OWN + "municipalityKey"
CREDENTIAL_TYPE: Final = OWN + "credentialType"

_SOME = IDENTITY | {Operator.IS_ALL_OF}

OPERANDS: Final[tuple[Operand, ...]] = (
    make(
        MEMBER_OF,
        ("Mitgliedschaft", "membership"),
        ("In welchem Verbund Mitglied ist, wer anfragt.", "Of which region whoever asks is a member."),
        PARTY,
        PROVED,
    ),
    make(
        MUNICIPALITY_KEY,
        ("Gemeindeschlüssel", "municipality key"),
        ("Welchen amtlichen Schlüssel hat, wer anfragt.", "Which official key whoever asks has."),
        TEXT,
        PROVED,
        operators=_SOME,
    ),
    make(
        CREDENTIAL_TYPE,
        ("Art des Nachweises", "type of credential"),
        ("Welche Nachweise hat, wer anfragt.", "Which credentials whoever asks has."),
        TEXT,
        PROVED,
        operators=_SOME,
    ),
    make(
        OWN + "role",
        ("Rolle", "role"),
        ("Welche Rolle hat, wer anfragt.", "Which role whoever asks has."),
        TEXT,
        PROVED,
    ),
    make(
        OWN + "participantLocation",
        ("Sitz", "seat"),
        ("Wo seinen Sitz hat, wer anfragt.", "Where whoever asks has its seat."),
        PLACE,
        PROVED,
    ),
    make(
        OWN + "securityProfile",
        ("Sicherheitsprofil", "security profile"),
        ("Wie gut gesichert ist, wer anfragt.", "How well secured whoever asks is."),
        levels("securityProfile"),
        PROVED,
    ),
    make(
        OWN + "connector",
        ("Connector", "connector"),
        ("Welcher Connector anfragt.", "Which connector asks."),
        NAME,
        PROVED,
    ),
    make(
        OWN + "application",
        ("Anwendung", "application"),
        ("In welcher Anwendung genutzt wird.", "In which application it is used."),
        NAME,
        Use(Origin.REQUEST, Side.CONSUMER, Assurance.DECLARED, Phase.DURING),
    ),
)
