"""Covers policies/short.py and policies/shortening.py: what a person writes, and what is written for one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policies import forms, short
from policies.forms import Form
from policies.labels import bare
from policies.model import ODRL, Connective, Logical, Operator, PolicyError, PolicyKind
from policies.vocabulary import DPV, MUNICIPAL

README = Path(__file__).parents[2] / "policies" / "README.md"
HEAD = 'policy = "urn:x:y"\n[[permission]]\naction = "use"\n'


def test_the_example_that_people_are_shown_is_read_and_written_again() -> None:
    shown = re.search(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    example = "\n".join(re.findall(r"(?m)^    (.*)$", short.__doc__ or ""))
    for text, lenient in ((shown[1], False), (example, True)):
        (policy,) = forms.read(text.encode(), Form.TOML, lenient=lenient)
        assert (policy.kind, policy.profile) == (PolicyKind.OFFER, (MUNICIPAL,))
        (found,) = forms.read(forms.write(policy, Form.TOML), Form.TOML, lenient=lenient)
        assert bare(found) == bare(policy)


@pytest.mark.parametrize(
    ("said", "left", "operator", "right"),
    [
        ('purpose.isA = "PublicBenefit"', "purpose", Operator.IS_A, (DPV + "PublicBenefit",)),
        ('language = "de"', "language", Operator.EQ, ("de",)),
        ("count.lteq = 3", "count", Operator.LTEQ, ("3",)),
        ("percentage.lt = 12.50", "percentage", Operator.LT, ("12.5",)),
        ("dateTime.lt = 2027-01-01", "dateTime", Operator.LT, ("2027-01-01",)),
    ],
)
def test_a_line_says_one_constraint(said: str, left: str, operator: Operator, right: tuple[str, ...]) -> None:
    (constraint,) = bare(short.read(HEAD + said)).rules[0].constraints
    assert (constraint.left, constraint.operator, constraint.right) == (ODRL + left, operator, right)  # type: ignore[union-attr]


def test_a_list_under_is_a_means_any_of_them() -> None:
    (constraint,) = (
        bare(short.read(HEAD + 'purpose.isA = ["PublicBenefit", "ScientificResearch"]')).rules[0].constraints
    )
    assert isinstance(constraint, Logical)
    assert (constraint.connective, len(constraint.members)) == (Connective.OR, 2)


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("kind = 'Offer'", "term.missing", "/policy"),
        ("policy = 'a name'", "form.identifier", "/policy"),
        ("policy = 'name'", "iri.relative", "/policy"),
        ("policy = 'urn:x:y'", "rules.missing", ""),
        ("policy = 'urn:x:y'\nkind = 'Offre'", "policy.type", "/kind"),
        ("policy = 'urn:x:y'\npermision = 1", "term.unknown", "/permision"),
        ("policy = 'urn:x:y'\npermission = 1", "form.object", "/permission"),
        (HEAD + "purpos = 1", "term.unknown", "/permission/0/purpos"),
        (HEAD + "count.most = 1", "operator.unknown", "/permission/0/count/most"),
        (HEAD + "count.lteq = {a = 1}", "value.form", "/permission/0/count"),
        (HEAD + "constraint = [{ left = 'count', most = 3 }]", "term.unknown", "/permission/0/constraint/0/most"),
        (HEAD + "refinement = 3", "form.object", "/permission/0/refinement"),
        (HEAD + "parties = { informed = 'urn:x:y' }", "term.unknown", "/permission/0/parties/informed"),
        (HEAD + "any = []", "term.empty", "/permission/0/any"),
        (HEAD + "dateTime.lt = 2027-01-01T10:00:00", "value.unreadable", "/permission/0/dateTime"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_by_name_and_place(text: str, code: str, place: str) -> None:
    with pytest.raises(PolicyError) as error:
        short.read(text)
    assert (error.value.reason.code, error.value.where) == (code, place)
