"""Checks the evidence of a data contract: one file, offline, with Python 3.11 and the package `cryptography` alone.

    python verify.py EVIDENCE.zip [--expect DID=WORDS ...]

What is checked: that no byte of the bundle was changed since a participant signed its list of contents (Ed25519); that
each message was signed by its sender for its receiver (HTTP Message Signatures, RFC 9421; Digest Fields, RFC 9530;
ES256 or EdDSA tokens, RFC 7515) with a key of the sender's DID document as it was then seen; that both sides signed the
same terms (RFC 8785, SHA-256); that the participant's log holds the entries (RFC 9162) under a head that it signed;
that keys which follow each other were vouched for by those before them.

What cannot be checked offline: that a DID document in the bundle is the true one. So the fingerprints of its keys are
printed in words, as `allmende peer list` shows them: compare these, or give them with --expect, for both sides. Nor
that no message was left out, nor that a participant's own clock was right.

Exit status: 0 where nothing is wrong, also where something is not signed and therefore not proved, which is said; 1
where something is wrong; 2 where the file cannot be read at all.

This file is part of the bundle and is what writes its container too; it imports nothing of the project.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from math import isfinite
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

FORM = "allmende evidence 1"
MANIFEST, CONTRACT, ENTRIES = "manifest.txt", "contract.json", "audit/entries.json"
HEAD, PEER_HEAD = "audit/head.txt", "audit/peer-head.txt"
LIMIT = 64 * 1024 * 1024
LEEWAY = 60
READINGS = ("contract.pdf", "terms.de.txt", "terms.en.txt")
REQUIRED = (CONTRACT, ENTRIES, HEAD, "README.txt", "verify.py", *READINGS)
SERIES = re.compile(r"messages/[0-9]+\.(?:json|body)|documents/[0-9a-f]{64}\.json|(?:keys|succession)/[0-9]+\.jws")


class EvidenceError(Exception):
    """What is wrong with a part."""


# --- the container: a zip that can be written in one way only ---------------------------------------------------------


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, in this order: stored, without dates or anything else that could differ."""
    body, directory = bytearray(), bytearray()
    for name, content in files.items():
        path = name.encode("ascii")
        common = struct.pack(
            "<HHHHHIIIHH", 20, 0, 0, 0, 0x21, zlib.crc32(content), len(content), len(content), len(path), 0
        )
        directory += b"PK\x01\x02" + struct.pack("<H", 0x0314) + common
        directory += struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(body)) + path
        body += b"PK\x03\x04" + common + path + content
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return bytes(body + directory + b"PK\x05\x06" + end)


def unpack(data: bytes, report: Report) -> dict[str, bytes]:
    """The files of a bundle, each with its fault told. Raises `EvidenceError` where it is no bundle at all."""
    if len(data) > LIMIT:
        raise EvidenceError("larger than any bundle")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            infos = container.infolist()
            files: dict[str, bytes] = {}
            # Entries may overlap, so that a small file holds any number of large ones.
            if sum(info.file_size for info in infos) > len(data):
                raise EvidenceError("not stored as it was written")
            for info in infos:
                if info.compress_type != zipfile.ZIP_STORED or info.filename in files:
                    raise EvidenceError(f"{info.filename}: not stored as it was written")
                files[info.filename] = _member(container, info, report)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, struct.error) as error:
        raise EvidenceError(f"not a readable zip ({error})") from error
    try:
        same = pack(files) == data
    except UnicodeEncodeError:
        same = False
    report.judge("container", same, "byte for byte as it was written", "a byte outside the parts was changed")
    return files


def _member(container: zipfile.ZipFile, info: zipfile.ZipInfo, report: Report) -> bytes:
    try:
        return container.read(info)
    except (zipfile.BadZipFile, EOFError) as error:
        report.wrong(info.filename, f"damaged ({error})")
        return b""


# --- what is found out ------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Text of a bundle for a terminal: nothing in it can begin a line or hide one."""
    return "".join(one if " " <= one <= "~" else ascii(one)[1:-1] for one in text)


class Report:
    """Lines about what was checked, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.faults: list[str] = []
        self.unproved: list[str] = []

    def right(self, part: str, text: str) -> None:
        """This holds."""
        self.lines.append(plain(f"ok      {part}: {text}"))

    def wrong(self, part: str, text: str) -> None:
        """This does not."""
        self.faults.append(part)
        self.lines.append(plain(f"WRONG   {part}: {text}"))

    def open(self, part: str, text: str) -> None:
        """This is not proved by anything."""
        self.unproved.append(plain(text))
        self.lines.append(plain(f"UNSIGNED {part}: {text}"))

    def note(self, part: str, text: str) -> None:
        """To be known."""
        self.lines.append(plain(f"note    {part}: {text}"))

    def judge(self, part: str, holds: bool, right: str, wrong: str) -> bool:
        """One or the other."""
        (self.right if holds else self.wrong)(part, right if holds else wrong)
        return holds

    def attempt(self, part: str, check: Callable[[], str]) -> bool:
        """`check` returns what holds, or raises `EvidenceError`."""
        try:
            self.right(part, check())
        except EvidenceError as error:
            self.wrong(part, str(error))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError) as error:
            self.wrong(part, f"cannot be understood ({type(error).__name__})")
        else:
            return True
        return False


# --- reading ----------------------------------------------------------------------------------------------------------


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise EvidenceError("a name stands twice in an object")
    return found


def _constant(name: str) -> Any:
    raise EvidenceError(f"{name} is no number")


def read_json(data: bytes) -> Any:
    """JSON without doubled names. Raises `EvidenceError`."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_no_doubles, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise EvidenceError("not readable as JSON") from error


def _decoded(text: str, *, url: bool = False) -> bytes:
    """Base64 in its one spelling; base64url without padding."""
    plain = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4) if url else text
    try:
        data = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EvidenceError("not readable as base64") from error
    again = base64.urlsafe_b64encode(data).decode().rstrip("=") if url else base64.b64encode(data).decode()
    if again != text:
        raise EvidenceError("base64 in another spelling")
    return data


def canonical(value: Any) -> bytes:
    """The canonical form of JSON (RFC 8785)."""
    return _canonical(value).encode()


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_canonical(name)}:{_canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return _number(value)


def _number(value: float) -> str:
    """A number as ECMAScript writes it (RFC 8785, 3.2.2.3)."""
    if isinstance(value, int) and abs(value) <= 2**53:
        return str(value)
    number = float(value)
    if not isfinite(number):
        raise EvidenceError("a number without a canonical form")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, power = f"{abs(number)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    written = whole + ("" if fraction == "0" else fraction)
    digits = written.lstrip("0")
    point = len(whole) + int(power or 0) - (len(written) - len(digits))
    return sign + _placed(digits.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    """`digits` with the decimal point behind `point` of them."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    power = point - 1
    head = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{head}e{'+' if power > 0 else '-'}{abs(power)}"


# --- keys and signatures ----------------------------------------------------------------------------------------------


class Document(NamedTuple):
    """A DID document: whose, its public JWKs by id, and the ids of those that may sign messages."""

    did: str
    keys: Mapping[str, Mapping[str, str]]
    tokens: Sequence[str]
    asserting: Sequence[str]
    note: str


def read_document(data: bytes) -> Document:
    """A DID document as it was seen. Raises `EvidenceError`."""
    found = read_json(data)
    did = str(found["id"])

    def full(id: str) -> str:
        return did + id if id.startswith("#") else id

    def related(name: str) -> list[str]:
        return [full(str(one["id"] if isinstance(one, dict) else one)) for one in found.get(name, [])]

    embedded = [
        one
        for name in ("capabilityInvocation", "assertionMethod")
        for one in found.get(name, [])
        if isinstance(one, dict)
    ]
    keys: dict[str, Mapping[str, str]] = {}
    for method in [*found.get("verificationMethod", []), *embedded]:
        id = full(str(method["id"]))
        if id in keys or method.get("controller") != did:
            raise EvidenceError("a key stands twice, or belongs to somebody else")
        if isinstance(method.get("publicKeyJwk"), dict):
            keys[id] = method["publicKeyJwk"]
    return Document(did, keys, related("capabilityInvocation"), related("assertionMethod"), str(found.get("note", "")))


class KeyChange(NamedTuple):
    """A statement about keys: whose, the thumbprints of the key that signed it, of all keys before and after it, and of
    those that are revoked by it."""

    did: str
    signer: str
    own: set[str]
    revoked: set[str]


def _verify(jwk: Mapping[str, str], message: bytes, signature: bytes) -> None:
    """ES256 or EdDSA, as the key is. Raises `EvidenceError`."""
    if (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519"):
        try:
            Ed25519PublicKey.from_public_bytes(_decoded(jwk["x"], url=True)).verify(signature, message)
        except InvalidSignature:
            raise EvidenceError("the signature does not verify") from None
        return
    _es256(jwk, message, signature)


def _algorithm(jwk: Mapping[str, str]) -> str:
    return "EdDSA" if jwk.get("kty") == "OKP" else "ES256"


def _es256(jwk: Mapping[str, str], message: bytes, signature: bytes) -> None:
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256") or len(signature) != 64:
        raise EvidenceError("not an ES256 key and signature")
    point = [int.from_bytes(_decoded(jwk[name], url=True)) for name in ("x", "y")]
    key = EllipticCurvePublicNumbers(point[0], point[1], SECP256R1()).public_key()
    numbers = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    try:
        key.verify(numbers, message, ECDSA(SHA256()))
    except InvalidSignature:
        raise EvidenceError("the signature does not verify") from None


def _thumbprint(jwk: Mapping[str, str]) -> str:
    """RFC 7638."""
    defining = {name: jwk[name] for name in ("crv", "kty", "x", "y") if name in jwk}
    digest = sha256(json.dumps(defining, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def words(thumbprints: Iterable[str]) -> str:
    """A fingerprint of keys that people can read to each other: eight proquints."""
    digest = sha256("\n".join(sorted(thumbprints)).encode()).digest()
    consonants, vowels = "bdfghjklmnprstvz", "aiou"

    def word(bits: int) -> str:
        return "".join(
            (
                consonants[bits >> 12],
                vowels[bits >> 10 & 3],
                consonants[bits >> 6 & 15],
                vowels[bits >> 4 & 3],
                consonants[bits & 15],
            )
        )

    return "-".join(word(int.from_bytes(digest[at : at + 2])) for at in range(0, 16, 2))


def open_note(note: str, document: Document, *, log: bool) -> str:
    """The text of a note that the document's audit key has signed (C2SP signed-note). Raises `EvidenceError`."""
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise EvidenceError("not a signed note")
    did, text = document.did, text + "\n"
    for line in signatures[:-1].split("\n"):
        found = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})", line)
        if found is None:
            raise EvidenceError("not a signed note")
        own = found[1] == did or (log and re.fullmatch(re.escape(did) + r"#log-[1-9][0-9]*", found[1]) is not None)
        if own and _signed_by(document, found[1], _decoded(found[2]), text.encode()):
            return text
    raise EvidenceError(f"not signed by {did}")


def _signed_by(document: Document, name: str, signature: bytes, message: bytes) -> bool:
    for id, jwk in document.keys.items():
        if id not in document.asserting or (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
            continue
        raw = _decoded(jwk["x"], url=True)
        if signature[:4] != sha256(name.encode() + b"\n\x01" + raw).digest()[:4]:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(raw).verify(signature[4:], message)
        except InvalidSignature:
            return False
        return True
    return False


# --- messages ---------------------------------------------------------------------------------------------------------

INPUT = re.compile(
    r'allmende=(?P<parameters>\((?P<covered>"@method" "@target-uri" (?:"content-digest" )?"authorization")\)'
    r';created=(?P<created>[1-9][0-9]{0,11});keyid="(?P<keyid>[\x21\x23-\x5b\x5d-\x7e]+)";tag="allmende-dsp")'
)
TOKEN = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class Letter(NamedTuple):
    """A message of the negotiation."""

    part: str
    kind: str
    sender: str
    method: str
    url: str
    headers: Mapping[str, str]
    document: str
    body: bytes
    said: Mapping[str, Any]


def check_letter(letter: Letter, receiver: str, document: Document) -> str:
    """What the signature of a message proves. Raises `EvidenceError`."""
    headers = letter.headers
    found = INPUT.fullmatch(headers.get("signature-input", ""))
    if found is None:
        raise EvidenceError("Signature-Input is not of the form that is checked here")
    digest = f"sha-256=:{base64.b64encode(sha256(letter.body).digest()).decode()}:"
    if headers.get("content-digest") != digest or "content-digest" not in found["covered"]:
        raise EvidenceError("the body is not the one that was signed (Content-Digest)")
    if document.did != letter.sender or found["keyid"] not in document.tokens:
        raise EvidenceError("signed with a key that is not the sender's")
    values = (letter.method, letter.url, digest, headers["authorization"])
    if any(not value.isascii() or not value.isprintable() for value in values):
        raise EvidenceError("a value that cannot have been signed")
    names = ("@method", "@target-uri", "content-digest", "authorization")
    lines = [f'"{name}": {value}' for name, value in zip(names, values, strict=True)]
    base = "\n".join((*lines, f'"@signature-params": {found["parameters"]}'))
    signature = re.fullmatch(r"allmende=:([A-Za-z0-9+/]{86}==):", headers.get("signature", ""))
    if signature is None:
        raise EvidenceError("Signature is not of the form that is checked here")
    _verify(document.keys[found["keyid"]], base.encode(), _decoded(signature[1]))
    created = int(found["created"])
    _check_token(headers["authorization"], letter.sender, receiver, document, created)
    _check_address(letter.url, receiver)
    return f"{letter.kind}, signed by {letter.sender} for {receiver} on {_date(created * 1_000_000)}"


def _check_token(authorization: str, sender: str, receiver: str, document: Document, created: int) -> None:
    """The token that the signature covers is the sender's for the receiver, and was good then."""
    found = TOKEN.fullmatch(authorization)
    if found is None:
        raise EvidenceError("the token is not of the form that is checked here")
    header, claims = (read_json(_decoded(found[place], url=True)) for place in (1, 2))
    kid = header.get("kid", document.tokens[0] if len(document.tokens) == 1 else None)
    if kid not in document.tokens or header.get("alg") != _algorithm(document.keys[kid]):
        raise EvidenceError("the token is signed with another key than the sender's")
    _verify(document.keys[kid], f"{found[1]}.{found[2]}".encode(), _decoded(found[3], url=True))
    if not claims["iss"] == claims["sub"] == sender or claims["aud"] not in (receiver, [receiver]):
        raise EvidenceError("the token is from or for somebody else")
    if not claims["iat"] - LEEWAY <= created < claims["exp"] + LEEWAY:
        raise EvidenceError("signed at another time than that of the token")


def _check_address(url: str, did: str) -> None:
    """The address is below that of the receiver's did:web."""
    host, *path = did.removeprefix("did:web:").split(":")
    place = "/".join((host.replace("%3A", ":"), *path))
    if re.match(r"https?://" + re.escape(place) + r"/", url) is None:
        raise EvidenceError("sent to another address than the receiver's")


def _concludes(letter: Letter, provider: str) -> bool:
    names = ("eventType", "dspace:eventType", "https://w3id.org/dspace/2025/1/eventType")
    told = next((letter.said[name] for name in names if name in letter.said), None)
    event = told.get("@id") if isinstance(told, dict) else told
    return letter.sender == provider and re.fullmatch(r"(?:.*[:/])?FINALIZED", str(event)) is not None


# --- the whole --------------------------------------------------------------------------------------------------------


class Bundle:
    """A bundle that has been taken apart. `check` goes through it."""

    def __init__(self, files: Mapping[str, bytes], report: Report, expected: Sequence[str] = ()) -> None:
        self.files, self.report, self.expected = files, report, expected
        self.about: Mapping[str, Any] = {}
        self.documents: dict[str, Document] = {}
        self.changes: list[KeyChange] = []
        self.letters: list[Letter] = []
        self.proved: set[str] = set()

    def check(self) -> None:
        """Everything, one after the other: what is wrong in one place does not hide another."""
        missing = [name for name in REQUIRED if name not in self.files]
        for name in missing:
            self.report.wrong(name, "is not there")
        if not self.report.attempt(CONTRACT, self._read_about):
            return
        self._documents()
        self.report.attempt(MANIFEST, self._manifest)
        for name in sorted(name for name in self.files if re.fullmatch(r"messages/[0-9]+\.json", name)):
            self._letter(name)
        self.report.attempt("terms", self._terms)
        self._log()
        self.report.note(
            ", ".join(READINGS), f"readings made by {self.about['exporter']}; binding is the agreement in the messages"
        )
        self.report.note("dates", "each is the word of the side that signed it; all else is the exporter's")

    def _read_about(self) -> str:
        about = read_json(self.files[CONTRACT])
        parties = (about["provider"], about["consumer"])
        if about["form"] != FORM or about["exporter"] not in parties or parties[0] == parties[1]:
            raise EvidenceError("not the facts of a contract between two parties")
        self.about = about
        return f"contract {about['agreement']} between {parties[0]} (provider) and {parties[1]} (consumer)"

    def _documents(self) -> None:
        for name in sorted(name for name in self.files if name.startswith("documents/")):
            self.report.attempt(name, lambda: self._document(name))  # noqa: B023 - called at once
        for name in sorted(name for name in self.files if name.startswith("keys/")):
            self.report.attempt(name, lambda: self._change(name))  # noqa: B023 - called at once
        for name in sorted(name for name in self.files if name.startswith("succession/")):
            self.report.attempt(name, lambda: self._succession(name))  # noqa: B023 - called at once
        if self.expected:
            self._compare()

    def _document(self, name: str) -> str:
        found, id = read_document(self.files[name]), sha256(self.files[name]).hexdigest()
        if name != f"documents/{id}.json" or found.did not in (self.about["provider"], self.about["consumer"]):
            raise EvidenceError("not what its name says, or of somebody else")
        prints = {_thumbprint(jwk) for jwk in found.keys.values()}
        for other in (one for one in self.documents.values() if one.did != found.did):
            if prints & {_thumbprint(jwk) for jwk in other.keys.values()}:
                raise EvidenceError(f"{found.did} and {other.did} have a key in common")
        self.documents[id] = found
        told = words(_thumbprint(jwk) for jwk in found.keys.values())
        if found.note:
            self.report.note(name, found.note)
        return f"DID document of {found.did} as then seen; compare its key words: {told}"

    def _change(self, name: str) -> str:
        """A statement by which a side's keys follow each other: signed by a key of one of its documents."""
        found = re.fullmatch(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", self.files[name].decode())
        if found is None:
            raise EvidenceError("not a statement that is checked here")
        header, said = (read_json(_decoded(found[place], url=True)) for place in (1, 2))
        did, kid, keys = str(said["did"]), str(header["kid"]), [dict(one) for one in said["to"]]
        if header.get("typ") != "allmende-keys+jwt":
            raise EvidenceError("not a statement about keys")
        known = [one.keys[kid] for one in self.documents.values() if one.did == did and kid in one.keys]
        for jwk in [*known, *(one for one in keys if one.get("kid") == kid)]:
            if header.get("alg") != _algorithm(jwk):
                continue
            try:
                _verify(jwk, f"{found[1]}.{found[2]}".encode(), _decoded(found[3], url=True))
            except EvidenceError:
                continue
            own = {str(one) for one in said["from"]} | {_thumbprint(one) for one in keys}
            self.changes.append(KeyChange(did, _thumbprint(jwk), own, {str(one) for one in said["revoked"]}))
            return f"{did}: keys that follow each other, signed by {kid}"
        raise EvidenceError("not signed by a key that is known here")

    def _succession(self, name: str) -> str:
        """The word of a side, or of its successor, that the contract goes on under another DID."""
        found = re.fullmatch(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", self.files[name].decode())
        if found is None:
            raise EvidenceError("not a statement that is checked here")
        header, said = (read_json(_decoded(found[place], url=True)) for place in (1, 2))
        kid, did, successor = str(header["kid"]), str(said["did"]), str(said["successor"])
        if header.get("typ") != "allmende-succession+jwt" or did not in (
            self.about["provider"],
            self.about["consumer"],
        ):
            raise EvidenceError("not a statement about a side of this contract")
        own = [one.keys[kid] for one in self.documents.values() if one.did == did and kid in one.tokens]
        for jwk in [*own, *(dict(one) for one in said["keys"] if one.get("kid") == kid)]:
            if header.get("alg") == _algorithm(jwk):
                _verify(jwk, f"{found[1]}.{found[2]}".encode(), _decoded(found[3], url=True))
                return f"{did} goes on as {successor}, signed by {kid}"
        raise EvidenceError("not signed by a key that is known here")

    def _compare(self) -> None:
        """Each document has the key words that are expected of its side, or keys that such keys have vouched for."""
        for name, one in self.documents.items():
            told = words(_thumbprint(jwk) for jwk in one.keys.values())
            expected = f"{one.did}={told}" in self.expected
            self.report.judge(
                f"documents/{name}.json words",
                expected or {_thumbprint(jwk) for jwk in one.keys.values()} <= self._vouched(one.did),
                "as expected" if expected else "vouched for by the keys that are expected",
                f"{one.did} has the key words {told}, which are not expected of it",
            )

    def _vouched(self, did: str) -> set[str]:
        """The thumbprints of a side's keys that those with the expected words have vouched for, one after the other."""
        known: set[str] = set()
        for one in (one for one in self.documents.values() if one.did == did):
            prints = [_thumbprint(jwk) for jwk in one.keys.values()]
            known |= set(prints) if f"{did}={words(prints)}" in self.expected else set()
        changes = [one for one in self.changes if one.did == did and one.signer not in one.revoked]
        while any(one.signer in known and not one.own <= known for one in changes):
            known |= {own for one in changes if one.signer in known for own in one.own}
        return known

    def _manifest(self) -> str:
        """The list of contents, and every part of it, is what the exporter has signed."""
        exporter = self.about["exporter"]
        errors: list[EvidenceError] = []
        for document in (one for one in self.documents.values() if one.did == exporter):
            try:
                lines = open_note(self.files[MANIFEST].decode(), document, log=False).splitlines()
            except EvidenceError as error:
                errors.append(error)
                continue
            return self._contents(lines, exporter)
        raise errors[-1] if errors else EvidenceError(f"no DID document of {exporter} is there")

    def _contents(self, lines: Sequence[str], exporter: str) -> str:
        if lines[:2] != [FORM, exporter]:
            raise EvidenceError("not a list of contents")
        listed = {}
        for line in lines[2:]:
            digest, size, name = line.split(" ", 2)
            listed[name] = (digest, int(size))
        for name in sorted({*listed, *self.files} - {MANIFEST}):
            content = self.files.get(name)
            known = name in listed and (name in (*REQUIRED, PEER_HEAD) or SERIES.fullmatch(name))
            if content is None or not known:
                self.report.wrong(name, "is not there" if content is None else "does not belong to the bundle")
            elif listed[name] != (sha256(content).hexdigest(), len(content)):
                self.report.wrong(name, "is not what was signed as part of the bundle")
        return f"{len(listed)} parts, listed and signed by {exporter}"

    def _letter(self, name: str) -> None:
        part = name.removesuffix(".json")
        letters: list[Letter] = []

        def read() -> str:
            letters.append(self._read_letter(part, name))
            return f"{letters[0].kind} of {letters[0].sender}"

        try:
            read()
        except (EvidenceError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            self.report.wrong(part, f"cannot be understood ({error})")
            return
        letter = letters[0]
        self.letters.append(letter)
        if not letter.headers:
            self.report.open(part, f"{letter.kind}: nothing proves that {letter.sender} has sent it")
            return
        if not letter.document:
            self.report.open(part, f"{letter.kind}: the keys of {letter.sender} are not kept that it was checked with")
            return
        provider, consumer = self.about["provider"], self.about["consumer"]
        receiver = consumer if letter.sender == provider else provider

        def check() -> str:
            document = self.documents.get(letter.document)
            if document is None:
                raise EvidenceError("the DID document that it was checked with is not there")
            return check_letter(letter, receiver, document)

        if self.report.attempt(part, check):
            self.proved.add(part)

    def _read_letter(self, part: str, name: str) -> Letter:
        told, body = read_json(self.files[name]), self.files[f"{part}.body"]
        said = read_json(body)
        if told["sender"] not in (self.about["provider"], self.about["consumer"]):
            raise EvidenceError("sent by somebody else")
        headers = {str(key): str(value) for key, value in told["headers"].items()}
        kind = str(told["kind"])
        type = said["@type"]
        if str(type[0] if isinstance(type, list) else type).rpartition(":")[2].rpartition("/")[2] != kind:
            raise EvidenceError("its body is another message")
        return Letter(part, kind, told["sender"], told["method"], told["url"], headers, told["document"], body, said)

    # --- the terms ---

    def _terms(self) -> str:
        """Whether both sides have signed the same terms; each side that has not is told."""
        about = self.about
        agreements = [one for one in self.letters if one.kind == "ContractAgreementMessage"]
        agreed = [one for one in agreements if self._is_this(one)]
        for one in agreements:
            if one not in agreed:
                self.report.note(one.part, "another agreement than the one that is checked here")
        if not agreed:
            raise EvidenceError("no message holds the agreement with this hash")
        self._same_negotiation()
        verified = [
            one
            for one in self.letters
            if one.kind == "ContractAgreementVerificationMessage" and one.sender == about["consumer"]
        ]
        named = [one for one in verified if "agreementHash" in one.said]
        if any(one.said["agreementHash"] != about["hash"] for one in named):
            raise EvidenceError("the consumer has verified another agreement")
        if not any(one.part in self.proved for one in agreed):
            self.report.open("provider", f"nothing here proves that {about['provider']} has agreed to these terms")
        if not any(one.part in self.proved for one in named):
            self.report.open("consumer", f"nothing here proves that {about['consumer']} has agreed to these terms")
        self._concluded()
        return f"the agreement has the SHA-256 {about['hash']} (RFC 8785)"

    def _concluded(self) -> None:
        """A negotiation may be ended after both have agreed, as long as the provider has not concluded it."""
        provider = self.about["provider"]
        if not any(one.part in self.proved and _concludes(one, provider) for one in self.letters):
            if any(one.kind == "ContractNegotiationTerminationMessage" for one in self.letters):
                raise EvidenceError("the negotiation was ended without a contract")
            self.report.open("conclusion", f"nothing here proves that {provider} has concluded the contract")

    def _is_this(self, letter: Letter) -> bool:
        about, said = self.about, letter.said
        names = ("agreement", "dspace:agreement", "https://w3id.org/dspace/2025/1/agreement")
        document = next((said[name] for name in names if isinstance(said.get(name), dict)), None)
        if letter.sender != about["provider"] or document is None:
            return False
        if sha256(canonical(document)).hexdigest() != about["hash"]:
            return False
        expected = {"@id": "agreement", "assigner": "provider", "assignee": "consumer", "target": "dataset"}
        for name, fact in expected.items():
            told = document.get(name, document.get(f"odrl:{name}"))
            if (told.get("@id") if isinstance(told, dict) else told) != about[fact]:
                raise EvidenceError(f"the agreement names another {fact}")
        return True

    def _same_negotiation(self) -> None:
        for name in ("providerPid", "consumerPid"):
            pids = {str(one.said[name]) for one in self.letters if isinstance(one.said.get(name), str)}
            if pids - {self.about[name]}:
                raise EvidenceError(f"messages of another negotiation ({name})")

    # --- the log ---

    def _log(self) -> None:
        about = self.about
        peer = about["consumer"] if about["exporter"] == about["provider"] else about["provider"]
        heads: list[tuple[int, bytes]] = []

        def own() -> str:
            heads.append(self._head(HEAD, about["exporter"]))
            return f"log of {about['exporter']} with {heads[0][0]} entries, signed by it"

        self.report.attempt(HEAD, own)
        if heads:
            self.report.attempt(ENTRIES, lambda: self._entries(*heads[0]))
        if PEER_HEAD in self.files:
            self.report.attempt(
                PEER_HEAD, lambda: f"log of {peer} as shown to the exporter: {self._head(PEER_HEAD, peer)[0]} entries"
            )

    def _head(self, name: str, did: str) -> tuple[int, bytes]:
        errors: list[EvidenceError] = []
        for document in (one for one in self.documents.values() if one.did == did):
            try:
                text = open_note(self.files[name].decode(), document, log=True)
            except EvidenceError as error:
                errors.append(error)
                continue
            origin, size, root = text.split("\n")[:3]
            if origin != did and not re.fullmatch(re.escape(did) + r"#log-[1-9][0-9]*", origin):
                raise EvidenceError("the head of another log")
            return int(size), _decoded(root)
        raise errors[-1] if errors else EvidenceError(f"no DID document of {did} is there")

    def _entries(self, size: int, root: bytes) -> str:
        entries = read_json(self.files[ENTRIES])
        for one in entries:
            leaf = sha256(b"\x00" + _decoded(one["salt"]) + one["body"].encode()).digest()
            if not included(leaf, one["index"], size, [_decoded(each) for each in one["proof"]], root):
                raise EvidenceError(f"entry {one['index']} is not in the log")
        return f"{len(entries)} entries, each in the log (RFC 9162)"


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    at, last, total = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            total = sha256(b"\x01" + other + total).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            total = sha256(b"\x01" + total + other).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and total == root


def _date(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def verify(data: bytes, expected: Sequence[str] = ()) -> Report:
    """Everything that can be found out about a bundle. Raises `EvidenceError` where it is none."""
    report = Report()
    Bundle(unpack(data, report), report, expected).check()
    return report


def main(arguments: Sequence[str]) -> int:
    """The command."""
    expected: list[str] = []
    names = list(arguments)
    if "--expect" in names:
        at = names.index("--expect")
        names, expected = names[:at], names[at + 1 :]
        if not expected or not all(re.fullmatch(r"did:web:[^=]+=[a-z-]+", one) for one in expected):
            names = []
    if len(names) != 1:
        print(__doc__.split("\n\n")[1] if __doc__ else "", file=sys.stderr)
        return 2
    try:
        with open(names[0], "rb") as file:
            report = verify(file.read(LIMIT + 1), expected)
    except (OSError, EvidenceError) as error:
        print(plain(f"WRONG   {names[0]}: {error}"))
        return 2 if isinstance(error, OSError) else 1
    print("\n".join(report.lines))
    if report.faults:
        print(f"\nThis is no evidence: {len(report.faults)} checks failed.")
        return 1
    open_ = [line for line in report.unproved if "has agreed" in line or "has concluded" in line]
    print(
        "\nNothing was changed. "
        + ("It does not prove everything: " + "; ".join(open_) if open_ else "Both sides have signed the same terms.")
    )
    if not expected:
        print("That holds where the key words above are those of the two sides: ask each of them, not the exporter.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
