"""Tests of certs.signatures: the library and we write and read the same, and nothing else is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from certs import jwk, keys, signatures
from certs.signatures import BARE, COVERED, LABEL, TAG, Covered, SignatureError

CITY = "did:web:city.example"
KID = f"{CITY}#token"
MINE, OTHER = keys.generate(), keys.generate()
KNOWN = {KID: jwk.of(MINE.token.public_key()), f"{CITY}#audit": jwk.of(MINE.audit.public_key())}
AT = 1_800_000_000
URL = "https://utility.example/dsp/2025-1/negotiations/urn%3Auuid%3A1/agreement?x=%20y"
ASKED = Covered("POST", URL, "Bearer a.b.c", b'{"@type": "ContractAgreementMessage"}')
LOOKED = Covered("GET", URL, "Bearer a.b.c")
FIELDS = signatures.sign(MINE.token, KID, ASKED, AT)


class Message:
    """A request as the library wants to see it."""

    def __init__(self, covered: Covered, fields: Mapping[str, str]) -> None:
        self.method, self.url = covered.method, covered.target
        self.headers = {"authorization": covered.authorization, **fields}


def code(fields: Mapping[str, str], covered: Covered = ASKED, known: Any = KNOWN) -> str:
    """The code with which a signature is refused."""
    with pytest.raises(SignatureError) as caught:
        signatures.verify(fields, covered, known)
    return caught.value.code


def resolver() -> MappingKeyResolver:
    return MappingKeyResolver(public_keys={KID: MINE.token.public_key()}, private_keys={KID: MINE.token})


def by_library(covered: Covered, components: Any, **more: Any) -> dict[str, str]:
    """The fields that the library signs a request with by itself."""
    start = {} if not covered.body else {"content-digest": signatures.content_digest(covered.body)}
    message = Message(covered, start)
    told = {"key_id": KID, "label": LABEL, "tag": TAG, "include_alg": False, "use_existing_digest": bool(start)}
    HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=resolver()).sign(
        message, created=datetime.fromtimestamp(AT, UTC), covered_component_ids=components, **{**told, **more}
    )
    return {name.lower(): value for name, value in message.headers.items()}


targets = st.from_regex(r"https://[a-z]{1,20}\.example/[A-Za-z0-9._~%&=?/-]{0,40}", fullmatch=True).filter(
    lambda url: "%" not in url
)
requests = st.builds(
    Covered,
    st.sampled_from(["GET", "POST"]),
    targets,
    st.from_regex(r"Bearer [A-Za-z0-9._~+/-]{1,60}", fullmatch=True),
    st.binary(max_size=60),
)


@given(covered=requests)
def test_the_library_takes_what_we_sign(covered: Covered) -> None:
    fields = signatures.sign(MINE.token, KID, covered, AT)
    verifier = HTTPMessageVerifier(signature_algorithm=ECDSA_P256_SHA256, key_resolver=resolver())
    (found,) = (
        verifier.verify(
            Message(covered, fields),
            max_age=None,
            expect_tag=TAG,
            expect_label=LABEL,
            require_components=COVERED if covered.body else BARE,
            body=covered.body or None,
        )
        if datetime.now(UTC).timestamp() > AT
        else verifier_at(verifier, covered, fields)
    )
    assert found.parameters == {"created": AT, "keyid": KID, "tag": TAG}


def verifier_at(verifier: HTTPMessageVerifier, covered: Covered, fields: Mapping[str, str]) -> Any:
    """As `verify`, at whatever time the signature was made."""
    verifier.validate_created_and_expires = lambda *args, **more: None  # type: ignore[method-assign]
    return verifier.verify(Message(covered, fields), max_age=None, expect_tag=TAG, body=covered.body or None)


@given(covered=requests)
def test_we_take_what_the_library_signs_in_our_form(covered: Covered) -> None:
    fields = by_library(covered, COVERED if covered.body else BARE)
    assert signatures.verify(fields, covered, KNOWN) == signatures.Proof(KID, AT)


def test_what_is_signed_is_what_the_standard_says() -> None:
    base, parameters = signatures._base(KID, ASKED, signatures.content_digest(ASKED.body), AT)
    assert base.decode().split("\n") == [
        '"@method": POST',
        f'"@target-uri": {URL}',
        f'"content-digest": {signatures.content_digest(ASKED.body)}',
        '"authorization": Bearer a.b.c',
        f'"@signature-params": {parameters}',
    ]
    assert parameters == (
        f'("@method" "@target-uri" "content-digest" "authorization");created={AT};keyid="{KID}";tag="allmende-dsp"'
    )


def test_content_digest_is_that_of_the_standard() -> None:
    # RFC 9530, appendix B.1.
    assert (
        signatures.content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    )


OTHERS: Mapping[str, Covered] = {
    "another method": replace(ASKED, method="PUT"),
    "another path": replace(ASKED, target=URL.replace("agreement", "events")),
    "another query": replace(ASKED, target=URL + "&y=1"),
    "another node": replace(ASKED, target=URL.replace("utility", "town")),
    "another scheme": replace(ASKED, target=URL.replace("https", "http")),
    "another token": replace(ASKED, authorization="Bearer a.b.d"),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_signature_is_for_one_request(other: Covered) -> None:
    assert code(FIELDS, other) == "signature.wrong"


@pytest.mark.parametrize("body", [b"", b"{}", ASKED.body + b" "], ids=["none", "another", "longer"])
def test_a_signature_is_for_one_body(body: bytes) -> None:
    assert code(FIELDS, replace(ASKED, body=body)) in ("signature.digest", "signature.form")
    fresh = {**FIELDS, "content-digest": signatures.content_digest(body)}
    assert code(fresh, replace(ASKED, body=body)) in ("signature.wrong", "signature.form")


def test_a_bare_request_has_no_digest() -> None:
    fields = signatures.sign(MINE.token, KID, LOOKED, AT)
    assert set(fields) == {"signature-input", "signature"}
    assert signatures.verify(fields, LOOKED, KNOWN).created == AT
    assert code({**fields, "content-digest": signatures.content_digest(b"x")}, LOOKED) == "signature.digest"
    assert code(fields, ASKED) == "signature.form"


def test_another_key_is_refused() -> None:
    assert code(FIELDS, known={}) == "signature.key"
    assert code(FIELDS, known={f"{CITY}#other": KNOWN[KID]}) == "signature.key"
    assert code(signatures.sign(OTHER.token, KID, ASKED, AT)) == "signature.wrong"
    assert code(signatures.sign(MINE.token, f"{CITY}#audit", ASKED, AT)) == "signature.wrong", "of another kind"


REWRITTEN: Mapping[str, Callable[[str], str]] = {
    "nothing": lambda text: "",
    "label": lambda text: text.replace(LABEL, "sig1"),
    "label in capitals": lambda text: text.replace(LABEL, "Allmende"),
    "tag": lambda text: text.replace(TAG, "allmende-dsp2"),
    "no tag": lambda text: text.partition(";tag")[0],
    "tag as token": lambda text: text.replace(f'"{TAG}"', TAG),
    "no created": lambda text: text.replace(f";created={AT}", ""),
    "created as string": lambda text: text.replace(str(AT), f'"{AT}"'),
    "created as decimal": lambda text: text.replace(str(AT), f"{AT}.0"),
    "created with zeros": lambda text: text.replace(str(AT), f"0{AT}"),
    "created before 1970": lambda text: text.replace(str(AT), f"-{AT}"),
    "created for ever": lambda text: text.replace(str(AT), "9" * 15),
    "no digest covered": lambda text: text.replace('"content-digest" ', ""),
    "no token covered": lambda text: text.replace(' "authorization"', ""),
    "no method covered": lambda text: text.replace('"@method" ', ""),
    "no target covered": lambda text: text.replace('"@target-uri" ', ""),
    "path instead of target": lambda text: text.replace("@target-uri", "@path"),
    "nothing covered": lambda text: text.replace(text[text.index("(") : text.index(")") + 1], "()"),
    "another order": lambda text: text.replace('"@method" "@target-uri"', '"@target-uri" "@method"'),
    "covered twice": lambda text: text.replace('"@method"', '"@method" "@method"'),
    "more covered": lambda text: text.replace('"authorization"', '"authorization" "date"'),
    "with a parameter": lambda text: text.replace('"content-digest"', '"content-digest";sf'),
    "of the request": lambda text: text.replace('"@method"', '"@method";req'),
    "two spaces": lambda text: text.replace(" ", "  "),
    "tabs": lambda text: text.replace(" ", "\t"),
    "another order of parameters": lambda text: text.replace(
        f';created={AT};keyid="{KID}"', f';keyid="{KID}";created={AT}'
    ),
    "alg": lambda text: text + ';alg="ecdsa-p256-sha256"',
    "alg none": lambda text: text.replace(";tag", ';alg="none";tag'),
    "expires": lambda text: text + ";expires=1",
    "nonce": lambda text: text + ';nonce="x"',
    "created twice": lambda text: text.replace(";keyid", ";created=1;keyid"),
    "two signatures": lambda text: f"{text}, sig1={text.partition('=')[2]}",
    "the same label twice": lambda text: f"{text}, {text}",
    "an end": lambda text: text + ",",
    "a line": lambda text: text + "\r\n x",
    "huge": lambda text: text.replace(KID, KID + "a" * 100_000),
    "a million components": lambda text: text.replace('"@method"', '"@method" ' * 100_000),
    "key id with quotes": lambda text: text.replace(KID, KID + '\\"'),
    "key id in another script": lambda text: text.replace(KID, KID + "\u0430"),
}


@pytest.mark.parametrize("rewrite", REWRITTEN.values(), ids=REWRITTEN)
def test_a_signature_input_is_written_in_one_way(rewrite: Callable[[str], str]) -> None:
    written = rewrite(FIELDS["signature-input"])
    assert written != FIELDS["signature-input"]
    assert code({**FIELDS, "signature-input": written}) == "signature.form"


NARROW = {
    "method alone": ("@method",),
    "not the token": ("@method", "@target-uri", "content-digest"),
    "not the digest": ("@method", "@target-uri", "authorization"),
    "another order": ("@target-uri", "@method", "content-digest", "authorization"),
}


@pytest.mark.parametrize("components", NARROW.values(), ids=NARROW)
def test_a_good_signature_over_something_else_is_refused(components: tuple[str, ...]) -> None:
    assert code(by_library(ASKED, components)) == "signature.form"


@pytest.mark.parametrize(
    "key_id", ["https://elsewhere.example/key", "file:///etc/passwd", "../key", "did:web:town.example#token"]
)
def test_a_key_id_is_a_name_and_never_an_address(key_id: str) -> None:
    assert code(signatures.sign(MINE.token, key_id, ASKED, AT)) == "signature.key"


SIGNATURES: Mapping[str, Callable[[str], str]] = {
    "nothing": lambda text: "",
    "cut": lambda text: text[:-6] + "==:",
    "another label": lambda text: text.replace(LABEL, "sig1"),
    "two": lambda text: f"{text}, sig1={text.partition('=')[2]}",
    "as string": lambda text: text.replace(":", '"'),
    "as base64url": lambda text: text.partition(":")[0] + ":" + "-_" * 43 + "==:",
    "spare bits": lambda text: text[:-4] + ("B" if text[-4] != "B" else "C") + "==:",
    "with a parameter": lambda text: text + ";x",
    "DER": lambda text: f"{LABEL}=:MEUCIQDnA1tQ2eJ3Pp0hQ8cOdGXqCw==:",
}


@pytest.mark.parametrize("rewrite", SIGNATURES.values(), ids=SIGNATURES)
def test_a_signature_is_written_in_one_way(rewrite: Callable[[str], str]) -> None:
    assert code({**FIELDS, "signature": rewrite(FIELDS["signature"])}) == "signature.form"


def test_zeros_are_no_signature() -> None:
    assert code({**FIELDS, "signature": f"{LABEL}=:{'A' * 86}==:"}) == "signature.wrong"


@pytest.mark.parametrize("digest", ["", "sha-512=:AA==:", "md5=:AA==:"], ids=["none", "sha-512", "md5"])
def test_only_one_kind_of_digest_is_taken(digest: str) -> None:
    assert code({**FIELDS, "content-digest": digest}) == "signature.digest"
    two = f"{FIELDS['content-digest']}, sha-512=:AA==:"
    assert code({**FIELDS, "content-digest": two}) == "signature.digest"


@pytest.mark.parametrize(
    "covered",
    [
        replace(ASKED, method="post"),
        replace(ASKED, target=URL + '\n"authorization": Bearer x'),
        replace(ASKED, target=URL + "ä"),
        replace(ASKED, target=""),
        replace(ASKED, authorization="Bearer a\r\nb"),
        replace(ASKED, authorization="Bearer a "),
    ],
    ids=["lower case", "a line", "umlaut", "no target", "a line in the token", "white space"],
)
def test_no_value_can_pass_for_another_line(covered: Covered) -> None:
    with pytest.raises(SignatureError, match=r"signature\.value"):
        signatures.sign(MINE.token, KID, covered, AT)
    assert code(FIELDS, covered) == "signature.value"
