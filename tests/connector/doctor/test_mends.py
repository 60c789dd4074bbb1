"""Every finding has a mend, in both languages."""

from __future__ import annotations

import pytest

from connector.sentences import TEMPLATES, doctor, mend, sentence
from policies.model import Reason

FOUND = sorted(code for code in doctor.TEMPLATES if code.split(".")[0] in ("reach", "doctor", "probe"))
OTHERS = sorted(code.removeprefix("mend.") for code in doctor.TEMPLATES if code.startswith("mend."))


@pytest.mark.parametrize("code", FOUND)
def test_every_finding_has_a_mend(code: str) -> None:
    assert mend(Reason(code), "de")
    assert mend(Reason(code), "en") != mend(Reason(code), "de")


@pytest.mark.parametrize("code", OTHERS)
def test_every_mend_belongs_to_something(code: str) -> None:
    assert code in TEMPLATES


def test_a_finding_is_told_with_its_parameters() -> None:
    wrong = Reason("reach.tls_name", {"host": "a.example", "names": "b.example"})
    assert sentence(wrong, "de") == "Das Zertifikat gilt für b.example, nicht für a.example."
    assert "a.example" in mend(wrong, "de")
    assert mend(Reason("something.else"), "en") == ""
