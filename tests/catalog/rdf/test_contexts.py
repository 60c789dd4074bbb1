"""Covers catalog/rdf/contexts.py: rows J1, J2 and J4 of the hostile cases, and the official samples."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog.descriptions.rules import check
from catalog.rdf import contexts, terms
from catalog.rdf.contexts import MAX_BLANK, ContextError, Shapes, canonical_form, read, sri
from tests.catalog import samples
from tests.catalog.samples import LOIRE, TAGUS, needs_trust

GOOD = {"@context": [terms.V2, terms.GX], **samples.subjects()[2]}


def _refused(document: Any) -> tuple[str, str]:
    with pytest.raises(ContextError) as refused:
        read(document)
    return refused.value.code, refused.value.what


def test_what_is_read_is_judged_like_what_was_written() -> None:
    read_back = contexts.read({"@context": [terms.V2, terms.GX], "@graph": samples.subjects()})
    assert check(read_back.nodes) == ()
    broken = samples.subjects(samples.Party(name="A"))
    found = check(read({"@context": [terms.V2, terms.GX], "@graph": broken}).nodes)
    assert {(one.code, one.term) for one in found} == {(one.code, one.term) for one in check(broken)}


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/context", "file:///etc/passwd", "http://www.w3.org/ns/credentials/v2", terms.V2 + "#", ""],
)
def test_j1_an_unknown_context_is_refused_and_never_fetched(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a call was made"))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_: pytest.fail("a name was looked up"))
    assert _refused({**GOOD, "@context": [terms.V2, url]})[0] == "jsonld.unknown"
    assert _refused({**GOOD, "gx:x": {"@context": url, "gx:y": "z"}})[0] == "jsonld.unknown"


@pytest.mark.parametrize(
    "inline",
    [
        {"credentialSubject": "https://evil.example/x#"},
        {"credentialSubject": {"@id": "https://evil.example/x#"}},
        {"odrl:permission": "https://evil.example/x#"},
        {"odrl": "https://evil.example/x#"},
        {"gx": "https://evil.example/x#"},
        {"issuer": "urn:x:"},
        {"@vocab": "https://evil.example/x#"},
        {"@base": "https://evil.example/"},
        {"@import": terms.V2},
        {"x": "relative"},
        None,
        5,
    ],
)
def test_j2_a_context_of_its_own_that_redefines_anything_is_refused(inline: Any) -> None:
    assert _refused({**GOOD, "@context": [terms.V2, terms.GX, inline]})[0] in ("jsonld.inline", "jsonld.keyword")
    assert _refused({**GOOD, "gx:x": {"@context": inline, "gx:y": "z"}})[0] in ("jsonld.inline", "jsonld.keyword")


def test_j2_two_contexts_of_its_own_do_not_contradict_each_other() -> None:
    one, other = {"a": "https://a.example/x#"}, {"a": "https://b.example/x#"}
    assert (
        _refused({**GOOD, "@context": [terms.V2, one], "gx:x": {"@context": other, "a:y": "z"}})[0] == "jsonld.inline"
    )


def test_j2_a_known_url_with_changed_bytes_is_refused() -> None:
    right = {"id": terms.V2, "digestSRI": sri(bytes.fromhex(terms.PINS[terms.V2]))}
    read({**GOOD, "type": ["VerifiableCredential"], "relatedResource": right})
    for wrong in (
        right | {"digestSRI": sri(bytes(32))},
        {"id": terms.V2},
        {"id": terms.GX, "digestSRI": sri(bytes(32))},
    ):
        document = {**GOOD, "type": ["VerifiableCredential"], "relatedResource": [right, wrong]}
        assert _refused(document) == ("jsonld.digest", wrong["id"])


def test_a_context_of_its_own_may_name_a_prefix() -> None:
    found = read({"@context": {"gx": terms.GX, "a": "https://a.example/#"}, "@id": "urn:a", "a:b": "c", "gx:d": "e"})
    assert found.nodes == ({"id": "urn:a", "https://a.example/#b": ["c"], "gx:d": ["e"]},)


@pytest.mark.parametrize(
    "said",
    [
        {"permission": "dropped"},
        {"gx:x": {"name_without_meaning": "y"}},
        {"gx:x": None},
        {"type": "NoIri"},
        {"gx:x": {"id": "relative"}},
        {"@reverse": {"gx:x": {"id": "urn:b"}}},
        {"@included": [{"id": "urn:b", "gx:x": "y"}]},
        {"@nest": {"gx:x": "y"}},
        {"gx:x": {"@graph": [{"gx:y": "z"}]}},
    ],
)
def test_j4_what_would_be_lost_on_the_way_to_rdf_is_refused(said: Any) -> None:
    code, _ = _refused({"@context": [terms.V2, {"gx": terms.GX}], "id": "urn:a", "gx:a": "b", **said})
    assert code in ("jsonld.dropped", "jsonld.keyword")


def test_j4_what_is_evaluated_is_what_was_canonicalised() -> None:
    meaning = read(GOOD)
    changed = meaning.canonical.replace(samples.TERMS.hash, "").replace("4bd75540", "5bd75540")
    assert contexts._nodes(changed) != contexts._nodes(meaning.canonical)
    assert meaning.nodes[0]["gx:gaiaxTermsAndConditions"] == [GOOD["gx:gaiaxTermsAndConditions"]]
    for quad in meaning.canonical.splitlines():
        assert quad.startswith(f"<{GOOD['id']}>")


def test_of_a_credential_only_what_it_is_about_is_judged() -> None:
    credential = {
        "@context": [terms.V2, terms.GX],
        "id": "urn:vc",
        "type": ["VerifiableCredential", "gx:Issuer"],
        "issuer": "did:web:a.example",
        "credentialSubject": samples.subjects()[2],
    }
    found = read(credential)
    assert found.subjects == (samples.subjects()[2]["id"],)
    assert check(found.nodes) == ()
    assert "<urn:vc>" in found.canonical


def test_too_much_is_refused() -> None:
    many = "".join(f'_:a{n} <urn:p> "{n}" .\n' for n in range(MAX_BLANK + 1))
    with pytest.raises(ContextError, match=r"jsonld\.large"):
        canonical_form(many)
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"gx:x": deep}
    assert _refused({"@context": terms.GX, "id": "urn:a", **deep})[0] == "jsonld.large"


@needs_trust
@pytest.mark.parametrize("name", ["legalperson", "dataproduct-serviceoffering"])
def test_official_examples_are_read(name: str) -> None:
    folder = samples.TRUST / "gaia-x" / "development-25.11"
    document = json.loads((folder / f"example-{name}.json").read_bytes().replace(b"development#", b"2511#"))
    found = read(document)
    person = {"id": "did:web:test.fixture.net:LegalPerson:test_gx_legalperson_reference", "type": "gx:LegalPerson"}
    faults = {(one.code, one.about) for one in check([*found.nodes, person]) if one.node != person["id"]}
    # The example of a person has a number of no kind, which the rules cannot judge.
    assert faults <= {
        ("description.class", "gx:RegistrationNumber"),
        ("description.twice", ""),
        ("description.missing", "gx:LegalPerson"),
    }


@needs_trust
def test_what_the_samples_for_simpler_shapes_break_is_found(shapes: Shapes) -> None:
    for path in sorted(LOIRE.glob("loire_*.jsonld")):
        credential = json.loads(path.read_bytes())["verifiableCredential"][0]
        found = read(credential)
        ours = {one.term for one in check(found.nodes)}
        theirs = {path for _, path, _ in shapes.check(found.canonical, found.subjects)}
        assert ours == theirs
        assert {"gx:legalAddress", "gx:headquartersAddress", "gx:legalName"} <= ours


@needs_trust
@pytest.mark.parametrize("name", ["participant-vp", "service-offering-vp", "terms-and-conditions-vp"])
def test_older_samples_are_read(name: str) -> None:
    document = json.loads((TAGUS / f"{name}.json").read_bytes())
    for credential in document["verifiableCredential"]:
        credential.pop("proof")
        assert "gx" not in read(credential).subjects
