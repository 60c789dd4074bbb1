"""Whether a certificate was taken back: lists of revocations and answers about one certificate, of others.

What lives here: reading a CRL (RFC 5280, 5) and an OCSP response (RFC 6960, 3.2) strictly, and judging a path by them.
What does not: fetching (the bytes are arguments), making them (`authority`). Fails closed: a path whose authorities
have not all said lately what they have revoked is not good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from msgspec import Struct

from certs.authority import instant, key_bits_hash, name_of
from certs.x509 import CertificateError, Chain, begins, ends

MAX_LIST = 4_194_304
"""Bytes of a list: some hundred thousand revocations."""
MAX_ANSWER = 16_384
_UNDERSTOOD = {ExtensionOID.AUTHORITY_KEY_IDENTIFIER, ExtensionOID.CRL_NUMBER}


class RevocationList(Struct, frozen=True):
    """What one authority has revoked: serial number -> since when. `until` is when it has to have made another."""

    authority: str
    number: int
    made: int
    until: int
    revoked: Mapping[int, int]


class Answer(Struct, frozen=True):
    """What one authority says about one certificate: since when it is revoked (None: it is not), and until when that is
    so."""

    authority: str
    serial: int
    revoked: int | None
    until: int


def read_list(data: bytes, issuer: x509.Certificate, *, now: int) -> RevocationList:
    """A complete list in DER, signed by `issuer`.

    Raises `CertificateError`: `revocation.form` (cannot be read, is partial, or says what is not understood),
    `revocation.issuer` (somebody else's), `revocation.stale`.
    """
    found = parse(data, name_of(issuer))
    try:
        _check_list(x509.load_der_x509_crl(data), issuer)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound):
        raise CertificateError("revocation.form") from None
    if now >= found.until:
        raise CertificateError("revocation.stale", authority=found.authority)
    return found


def parse(data: bytes, authority: str) -> RevocationList:
    """What a list says that was checked before. Raises `CertificateError` `revocation.form`."""
    if len(data) > MAX_LIST:
        raise CertificateError("revocation.form")
    try:
        found = x509.load_der_x509_crl(data)
        number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        revoked = {one.serial_number: instant(one.revocation_date_utc) for one in found}
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound):
        raise CertificateError("revocation.form") from None
    if found.next_update_utc is None:
        raise CertificateError("revocation.form")
    return RevocationList(authority, number, instant(found.last_update_utc), instant(found.next_update_utc), revoked)


def _check_list(found: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    """Raises `CertificateError`; `ValueError` and its like where something cannot be read."""
    key = issuer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | Ed25519PublicKey):
        raise CertificateError("revocation.issuer")
    usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    if found.issuer != issuer.subject or not usage.crl_sign or not found.is_signature_valid(key):
        raise CertificateError("revocation.issuer")
    # A critical extension that is not understood may mean a part of a list, or one for other certificates (RFC 5280,
    # 5.2): a list like that proves nothing. In an entry it may name another issuer (5.3).
    if any(one.critical and one.oid not in _UNDERSTOOD for one in found.extensions):
        raise CertificateError("revocation.form")
    if any(one.oid == ExtensionOID.DELTA_CRL_INDICATOR for one in found.extensions):
        raise CertificateError("revocation.form")
    if any(item.critical for one in found for item in one.extensions):
        raise CertificateError("revocation.form")


def read_answer(data: bytes, about: x509.Certificate, issuer: x509.Certificate, *, now: int) -> Answer:
    """An OCSP response about one certificate of `issuer`, signed by it or by whom it has appointed.

    Raises `CertificateError`: `revocation.form` (cannot be read, or no answer), `revocation.issuer` (by somebody who
    may not say it, or about another certificate), `revocation.unknown`, `revocation.stale`.
    """
    try:
        found = ocsp.load_der_ocsp_response(data) if len(data) <= MAX_ANSWER else None
        if found is None or found.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise CertificateError("revocation.form")
        own = key_bits_hash(issuer.public_key(), found.hash_algorithm)
        if found.serial_number != about.serial_number or found.issuer_key_hash != own:
            raise CertificateError("revocation.issuer")
        _check_answer(found, issuer, now)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature, x509.ExtensionNotFound):
        raise CertificateError("revocation.form") from None
    if found.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        raise CertificateError("revocation.unknown")
    if found.next_update_utc is None or now >= instant(found.next_update_utc):
        raise CertificateError("revocation.stale", authority=name_of(issuer))
    revoked = None if found.revocation_time_utc is None else instant(found.revocation_time_utc)
    return Answer(name_of(issuer), about.serial_number, revoked, instant(found.next_update_utc))


def _check_answer(found: ocsp.OCSPResponse, issuer: x509.Certificate, now: int) -> None:
    """By the issuer itself, or a responder whose certificate the issuer has made for that (RFC 6960, 4.2.2.2)."""
    signer = issuer
    for one in found.certificates[:4]:
        if one.public_key() != issuer.public_key():
            one.verify_directly_issued_by(issuer)
            uses = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            if ExtendedKeyUsageOID.OCSP_SIGNING not in uses or not begins(one) <= now < ends(one):
                raise CertificateError("revocation.issuer")
            signer = one
            break
    _verify(found, signer)


def _verify(found: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    key, algorithm = signer.public_key(), found.signature_hash_algorithm
    try:
        match key:
            case ec.EllipticCurvePublicKey() if algorithm is not None:
                key.verify(found.signature, found.tbs_response_bytes, ec.ECDSA(algorithm))
            case rsa.RSAPublicKey() if algorithm is not None:
                key.verify(found.signature, found.tbs_response_bytes, padding.PKCS1v15(), algorithm)
            case Ed25519PublicKey() if algorithm is None:
                key.verify(found.signature, found.tbs_response_bytes)
            case _:
                raise CertificateError("revocation.issuer")
    except InvalidSignature:
        raise CertificateError("revocation.issuer") from None


# --- judging ----------------------------------------------------------------------------------------------------------


def check(chain: Chain, *, lists: Mapping[str, RevocationList], answers: Sequence[Answer] = (), now: int) -> int:
    """Until when it is known that nothing in this path was revoked: the first end of what was looked at.

    `lists` are by authority. For each certificate but the root there must be a list of its authority, or an answer
    about itself, that still counts. Raises `CertificateError`: `certificate.revoked`, `revocation.missing`,
    `revocation.stale`.
    """
    until = chain.until
    for one, issuer in zip(chain.certificates, chain.certificates[1:], strict=False):
        until = min(until, _check_one(one, name_of(issuer), lists, answers, now))
    return until


def _check_one(
    one: x509.Certificate, authority: str, lists: Mapping[str, RevocationList], answers: Sequence[Answer], now: int
) -> int:
    serial = one.serial_number
    said = [(each.revoked, each.until) for each in answers if (each.authority, each.serial) == (authority, serial)]
    if (listed := lists.get(authority)) is not None:
        said.append((listed.revoked.get(serial), listed.until))
    if not said:
        raise CertificateError("revocation.missing", authority=authority)
    # INVARIANT: what anybody entitled has called revoked is, however old it was said.
    if any(revoked is not None for revoked, _ in said):
        raise CertificateError("certificate.revoked", serial=f"{serial:x}")
    until = max(until for _, until in said)
    if now >= until:
        raise CertificateError("revocation.stale", authority=authority)
    return until
