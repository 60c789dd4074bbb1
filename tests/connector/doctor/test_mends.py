"""Every finding has a mend, in both languages."""

from __future__ import annotations

import pytest

from connector.doctor import surroundings
from connector.records import Participant
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


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("peer.unreachable", "nicht zu erreichen. Stimmt"),
        ("status 502", "Webserver vor"),
        ("status 404", "(status 404)."),
    ],
)
def test_a_peer_that_is_gone_is_explained(cause: str, told: str) -> None:
    who = Participant(
        id="did:web:x", name="x", url="https://x", base="https://x", keys={}, words="x", added=0, added_by="x"
    )
    [gone] = surroundings.gone([surroundings.Visit(peer=who, cause=cause)])
    assert told in sentence(gone, "de")
