"""What somebody may have meant, and how values are written; slips in lines that are no TOML."""

from __future__ import annotations

import pytest

from policies import forms, meaning, slips
from policies.model import PolicyError, Reason
from policies.operands import OPERANDS

FILE = """policy = "urn:stadt:regeln:verkehr"
title = "Verkehrszählung"
assignee = "did:web:werke.example"
notice = "P3M"

[[permission]]
action = "use"
purpose.isA = "PublicBenefit"
spatial.isPartOf = "14612000"
dateTime.lteq = 2027-12-31
retentionPeriod.lteq = "P90D"
count.lteq = 100
"""


def mend(old: str, new: str, encoding: str = "utf-8") -> tuple[int | str, tuple[str, str]]:
    """Where the file is refused with a change made to it, and what helps."""
    assert old in FILE
    with pytest.raises(PolicyError) as refused:
        forms.read(FILE.replace(old, new).encode(encoding), forms.Form.TOML)
    said = meaning.mend(refused.value.reason)
    assert said is not None
    return refused.value.where, said


@pytest.mark.parametrize(
    ("old", "new", "line", "slip"),
    [
        ('"PublicBenefit"', "„PublicBenefit“", 8, "quotes"),
        ('"PublicBenefit"', "PublicBenefit", 8, "bare"),
        ('"PublicBenefit"', '"PublicBenefit', 8, "open"),
        ("count.lteq =", "count.lteq\u00a0=", 12, "blank"),
        ("title", "überschrift", 2, "key"),
        ("count.lteq = 100", "count.lteq = 100\ncount.lteq = 50", 13, "twice"),
        ("[[permission]]", "[[permission]", 6, "brackets"),
        ("2027-12-31", "31.12.2027", 10, "day"),
        ("2027-12-31", "2027-11-31", 10, "calendar"),
        ("count.lteq = 100", "count <= 100", 12, "sign"),
        ("count.lteq = 100", "count.lteq == 100", 12, "sign"),
        ("count.lteq = 100", "count.lteq: 100", 12, "sign"),
        ("count.lteq = 100", "payAmount = 5,00", 12, "comma"),
        ("count.lteq = 100", "count.lteq 100", 12, slips.OTHER),
    ],
)
def test_a_slip_is_named_in_its_line(old: str, new: str, line: int, slip: str) -> None:
    assert mend(old, new) == (f"line {line}", slips.MENDS[slip])


def test_quotation_marks_within_a_text_are_no_slip() -> None:
    assert mend('"Verkehrszählung"\n', '"Die „Zählung“"\ncount = use\n')[1] == slips.MENDS["bare"]


@pytest.mark.parametrize(
    ("old", "new", "de"),
    [
        ("[[permission]]", "[[permision]]", "Gemeint vielleicht: permission"),
        ("retentionPeriod", "retentionPeroid", "Gemeint vielleicht: retentionPeriod."),
        ("retentionPeriod", "Aufbewahrung", "Gemeint vielleicht: retentionPeriod."),
        ("dateTime", "until", "Gemeint vielleicht: dateTime."),
        ("isA", "isa", "Gemeint vielleicht: isA."),
        ("lteq = 100", "atmost = 100", "Es gibt: eq, "),
        ("count.lteq", "count.isPartOf", "Es gibt: eq, gt, gteq, lt, lteq, neq."),
        ('"use"', '"weitergeben"', "Gemeint vielleicht: distribute."),
        ('"use"', '"vergröbern"', "Gemeint vielleicht: coarsen."),
        ('"P90D"', '"90 Tage"', "Eine Dauer schreibt sich P90D"),
        ('"P3M"', '"3 Monate"', "Eine Dauer schreibt sich P90D"),
        ("2027-12-31", '"31.12.2027"', "Gemeint vielleicht: 2027-12-31."),
        ('"14612000"', '"Dresden"', "Ein Ort sind die Ziffern"),
        ("100", '"1.000"', "Eine ganze Zahl ohne Punkt"),
        ('"did:web:werke.example"', '"Stadtwerke"', "did:web:…"),
        ("count.lteq = 100", 'dataClass = "persönlich"', "personal (personenbezogene Daten)"),
        ("count.lteq = 100", 'legalBasis = "Art. 6 Abs. 1 lit. e"', "Gemeint vielleicht: A6-1-e."),
        ('policy = "urn:stadt:regeln:verkehr"\n', "", "policy = …"),
    ],
)
def test_what_was_meant_is_said(old: str, new: str, de: str) -> None:
    assert de in mend(old, new)[1][0]


def test_another_encoding_is_named() -> None:
    assert "UTF-8" in mend("100", "100", "cp1252")[1][1]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Werbung", "Advertising"),
        ("Klimaschutz", "CombatClimateChange"),
        ("ImproveTransportMobilty", "ImproveTransportMobility"),
        ("Verkehrsplanung", "ImproveTransportMobility"),
    ],
)
def test_purposes_are_found_by_what_people_call_them(text: str, first: str) -> None:
    assert meaning.purposes(text)[:1] == (first,)


def test_nothing_is_made_up() -> None:
    assert meaning.purposes("xyzzy") == meaning.actions("xyzzy") == meaning.words("xyzzy") == ()
    assert meaning.mend(Reason("action.unknown", {"action": "xyzzy"})) is None


@pytest.mark.parametrize("operand", OPERANDS.values(), ids=lambda one: one.name)
def test_every_operand_says_how_its_values_are_written(operand: meaning.Operand) -> None:
    de, en = meaning.form(operand, "§")
    assert de.endswith(".") and en.endswith(".") and de != en
