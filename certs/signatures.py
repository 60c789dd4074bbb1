"""HTTP Message Signatures over one request, in the one form that this project writes and takes (RFC 9421, RFC 9530).

What lives here: signing and verifying `@method @target-uri content-digest authorization` (without `content-digest`
where there is no body) with ES256 or EdDSA, label `allmende`, tag `allmende-dsp`. What does not: whose keys are
trusted (the caller's `keys`), which instants are acceptable, whether a request has to be signed at all.

This is the only user of http-message-signatures. The library says once, per key id, what the signature base of this
form looks like, and does the cryptography; a message's own values are then set in its place. That costs a fiftieth of
letting it parse each message, and it is narrower: a Signature-Input that is not written exactly like ours is refused
before anything reads it, so there is nothing to be understood in two ways. It is imported with the first message: that
takes 30 ms, which a start need not wait for.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from msgspec import Struct

from certs.jwk import PublicKey
from certs.jws import PrivateKey

if TYPE_CHECKING:
    from http_message_signatures import HTTPSignatureAlgorithm as Algorithm

LABEL: Final = "allmende"
TAG: Final = "allmende-dsp"
COVERED: Final = ("@method", "@target-uri", "content-digest", "authorization")
"""What is signed of a request with a body, in this order."""
BARE: Final = ("@method", "@target-uri", "authorization")
"""What is signed of a request without one."""
INPUT, SIGNATURE, DIGEST = "signature-input", "signature", "content-digest"
"""Names of the header fields that signing adds, in lower case."""
MAX_INPUT: Final = 1_536
"""Characters of a Signature-Input; a longer one is not looked at."""

_SIGNATURE = re.compile(rf"{LABEL}=:([A-Za-z0-9+/]{{86}}==):", re.ASCII)
_METHOD = re.compile(r"[A-Z]{1,16}", re.ASCII)
_MAX_VALUE = 16_384


class SignatureError(Exception):
    """A signature that proves nothing. `code` says why, for this side's log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Covered(Struct, frozen=True):
    """What a signature is about. `target` is the absolute URI that is asked for, `body` empty where there is none."""

    method: str
    target: str
    authorization: str
    body: bytes = b""


class Proof(Struct, frozen=True):
    """A signature that verifies: by which key, and when it says that it was made (seconds since 1970)."""

    keyid: str
    created: int


def sign(key: PrivateKey, keyid: str, covered: Covered, created: int) -> dict[str, str]:
    """The fields that a request is sent with: Content-Digest (with a body), Signature-Input and Signature.

    `created` is in seconds since 1970. Raises `SignatureError` `signature.value` where a value cannot be signed.
    """
    digest = content_digest(covered.body) if covered.body else ""
    base, parameters = _base(keyid, covered, digest, created)
    signature = b64encode(_signer(key).sign(base)).decode()
    fields = {INPUT: f"{LABEL}={parameters}", SIGNATURE: f"{LABEL}=:{signature}:"}
    return {DIGEST: digest, **fields} if digest else fields


def verify(fields: Mapping[str, str], covered: Covered, keys: Mapping[str, PublicKey | None]) -> Proof:
    """What the signature in `fields` proves about a request. `keys` are the signer's own, by key id, None for one that
    signs no messages; no other is used.

    Raises `SignatureError`: `signature.form` (a field is missing, or not written as `sign` writes it),
    `signature.digest` (of another body), `signature.key`, `signature.value`, `signature.wrong`.
    """
    keyid, created = _read(fields.get(INPUT, ""), with_body=bool(covered.body))
    digest = content_digest(covered.body) if covered.body else ""
    if fields.get(DIGEST, "") != digest:
        raise SignatureError("signature.digest")
    signature = _bytes(fields.get(SIGNATURE, ""))
    key = keys.get(keyid)
    if key is None:
        raise SignatureError("signature.key")
    base, _ = _base(keyid, covered, digest, created)
    try:
        _verifier(key).verify(signature, base)
    except InvalidSignature:
        raise SignatureError("signature.wrong") from None
    return Proof(keyid, created)


@lru_cache(maxsize=64)
def _signer(key: PrivateKey) -> Algorithm:
    from http_message_signatures.algorithms import ECDSA_P256_SHA256, ED25519

    if isinstance(key, EllipticCurvePrivateKey):
        return ECDSA_P256_SHA256(private_key=key)  # type: ignore[no-untyped-call]
    return ED25519(private_key=key)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=1024)
def _verifier(key: PublicKey) -> Algorithm:
    from http_message_signatures.algorithms import ECDSA_P256_SHA256, ED25519

    # INVARIANT: the algorithm is the key's own (RFC 9421, 3.3.4 and 3.3.6).
    kind = ECDSA_P256_SHA256 if key.algorithm == "ES256" else ED25519
    return kind(public_key=key.key)


def content_digest(body: bytes) -> str:
    """The Content-Digest of a body: SHA-256 and nothing else (RFC 9530, 2)."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def _read(text: str, *, with_body: bool) -> tuple[str, int]:
    """Key id and instant of a Signature-Input. INVARIANT: the text is what `sign` writes for them, to the last byte."""
    found = _shape(with_body).fullmatch(text) if len(text) <= MAX_INPUT else None
    if found is None:
        raise SignatureError("signature.form")
    return found["keyid"], int(found["created"])


def _bytes(text: str) -> bytes:
    """The 64 bytes of our signature, in their one spelling."""
    found = _SIGNATURE.fullmatch(text)
    try:
        data = b"" if found is None else a2b_base64(found[1], strict_mode=True)
    except Base64Error:
        data = b""
    if found is None or len(data) != 64 or b64encode(data).decode() != found[1]:
        raise SignatureError("signature.form")
    return data


def _base(keyid: str, covered: Covered, digest: str, created: int) -> tuple[bytes, str]:
    """The signature base of a request (RFC 9421, 2.5), and its parameters as they stand in Signature-Input."""
    method, target, token = covered.method, covered.target, covered.authorization
    if not (_METHOD.fullmatch(method) and _visible(target) and " " not in target and _visible(token)):
        # INVARIANT: no value holds a line end, so none can pass for another line of the base.
        raise SignatureError("signature.value")
    form = _form(keyid, bool(digest))
    parameters = f"{form.before}{created}{form.after}"
    names = form.names
    if digest:
        lines = f"{names[0]}{method}\n{names[1]}{target}\n{names[2]}{digest}\n{names[3]}{token}"
    else:
        lines = f"{names[0]}{method}\n{names[1]}{target}\n{names[2]}{token}"
    return f"{lines}\n{form.last}{parameters}".encode("ascii"), parameters


def _visible(text: str) -> bool:
    """Printable ASCII without white space at its ends, of bounded length."""
    return 0 < len(text) <= _MAX_VALUE and text.isascii() and text.isprintable() and text.strip(" ") == text


# --- the form, as the library writes it -------------------------------------------------------------------------------


class _Form(Struct, frozen=True):
    """A signature base without its values: what stands before each of them, and around `created`."""

    names: tuple[str, ...]
    last: str
    before: str
    after: str


class _Sample:
    """A request as the library wants to see one."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.method, self.url, self.headers = "POST", "https://sample.example/", headers


_SAMPLE_CREATED = 1_000_000_007


@lru_cache(maxsize=1024)
def _form(keyid: str, with_body: bool) -> _Form:
    """Ask the library for the signature base of a sample, and take the sample's values out of it again."""
    from http_message_signatures import HTTPMessageSigner
    from http_message_signatures.algorithms import ECDSA_P256_SHA256

    headers = {"authorization": "sample-authorization"}
    if with_body:
        headers[DIGEST] = content_digest(b"sample")
    try:
        prepared = HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256).prepare(
            _Sample(headers),
            key_id=keyid,
            created=datetime.fromtimestamp(_SAMPLE_CREATED, UTC),
            label=LABEL,
            tag=TAG,
            include_alg=False,
            covered_component_ids=COVERED if with_body else BARE,
            use_existing_digest=with_body,
        )
    except Exception as error:
        raise SignatureError("signature.key") from error
    *lines, last = prepared.signature_base.decode().split("\n")
    names = tuple(line.partition(": ")[0] + ": " for line in lines)
    before, middle, after = prepared.signature_params.partition(str(_SAMPLE_CREATED))
    assert middle
    assert last.endswith(prepared.signature_params)
    return _Form(names, last.removesuffix(prepared.signature_params), before, after)


@lru_cache(maxsize=2)
def _shape(with_body: bool) -> re.Pattern[str]:
    """What a Signature-Input of this form looks like, whatever the key id and the instant."""
    form = _form("sample-key", with_body)
    before, after = re.escape(f"{LABEL}={form.before}"), re.escape(form.after)
    after = after.replace(re.escape("sample-key"), r"(?P<keyid>[\x21\x23-\x5b\x5d-\x7e]{1,1024})")
    return re.compile(rf"{before}(?P<created>[1-9][0-9]{{0,11}}){after}", re.ASCII)
