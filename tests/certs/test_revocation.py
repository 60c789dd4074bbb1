"""Lists and answers of authorities: strict reading, and fail closed where one does not say lately what it revoked."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.authority import DAY, Authority, Revoked, Standing, Status, name_of, when
from certs.region import RegionKeys
from certs.revocation import Answer, RevocationList, check, read_answer, read_list
from certs.x509 import CertificateError, Chain, Purpose, path
from tests.harness.trustdomain import AUTHORITY, NOW, SIGNS, Hand, basic, between, issue, made


def listed(signer: Authority, *serials: int, number: int = 7, made: int = NOW, until: int = NOW + 4 * DAY) -> bytes:
    return signer.revocations([Revoked(one, NOW) for one in serials], number=number, made=made, until=until)


def refused(data: bytes, issuer: x509.Certificate, now: int = NOW) -> str:
    with pytest.raises(CertificateError) as caught:
        read_list(data, issuer, now=now)
    return caught.value.code


@pytest.fixture
def keys(tmp_path: Path) -> RegionKeys:
    return made(tmp_path / "region")


def test_a_list_says_what_its_authority_has_revoked(keys: RegionKeys) -> None:
    found = read_list(listed(keys.nodes, 5, 9), keys.nodes.certificate, now=NOW)
    assert (found.authority, found.number, set(found.revoked)) == (keys.nodes.name, 7, {5, 9})
    assert found.until == NOW + 4 * DAY


def test_a_list_of_somebody_else_proves_nothing(keys: RegionKeys, tmp_path: Path) -> None:
    other = made(tmp_path / "other")
    assert refused(listed(keys.devices), keys.nodes.certificate) == "revocation.issuer"
    assert refused(listed(other.nodes), keys.nodes.certificate) == "revocation.issuer"


def test_x1_a_list_that_has_ended_is_none(keys: RegionKeys) -> None:
    assert refused(listed(keys.nodes), keys.nodes.certificate, NOW + 4 * DAY) == "revocation.stale"


def test_a_reader_whose_clock_is_two_days_off_still_has_a_good_list(keys: RegionKeys) -> None:
    late = listed(keys.nodes, made=NOW - DAY, until=NOW + 3 * DAY)
    for now in (NOW - 2 * DAY, NOW + 2 * DAY):
        assert read_list(late, keys.nodes.certificate, now=now).number == 7


def test_an_altered_list_is_refused(keys: RegionKeys) -> None:
    data = bytearray(listed(keys.nodes, 5))
    data[-1] ^= 1
    assert refused(bytes(data), keys.nodes.certificate) in ("revocation.issuer", "revocation.form")
    assert refused(b"x", keys.nodes.certificate) == "revocation.form"


def test_an_authority_without_the_right_to_sign_lists_signs_none() -> None:
    issuer = Hand.root().below((basic(True, 0), (SIGNS, True)))
    signer = Authority(issuer.key, issuer.certificate)
    assert refused(listed(signer), issuer.certificate) == "revocation.issuer"


@pytest.mark.parametrize(
    "extension",
    [
        x509.DeltaCRLIndicator(1),
        x509.IssuingDistributionPoint(None, None, True, False, None, False, False),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
    ],
)
def test_a_list_that_is_partial_or_says_what_is_not_understood_proves_nothing(extension: x509.ExtensionType) -> None:
    issuer = Hand.root().below(AUTHORITY)
    form = x509.CertificateRevocationListBuilder(
        issuer_name=issuer.certificate.subject, last_update=when(NOW), next_update=when(NOW + DAY)
    )
    form = form.add_extension(x509.CRLNumber(1), critical=False).add_extension(extension, critical=True)
    data = form.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert refused(data, issuer.certificate) == "revocation.form"


# --- answers ----------------------------------------------------------------------------------------------------------


def asked(about: x509.Certificate, issuer: x509.Certificate) -> ocsp.OCSPRequest:
    form = ocsp.OCSPRequestBuilder().add_certificate(about, issuer, hashes.SHA1())
    return form.add_extension(x509.OCSPNonce(b"nonce"), critical=False).build()


def answered(keys: RegionKeys, about: x509.Certificate, status: Status) -> bytes:
    request = asked(about, keys.nodes.certificate)
    assert keys.nodes.is_asked(request)
    assert not keys.devices.is_asked(request)
    return keys.nodes.answer(request, status, made=NOW, until=NOW + DAY)


def answer_refused(data: bytes, about: x509.Certificate, issuer: x509.Certificate, now: int = NOW) -> str:
    with pytest.raises(CertificateError) as caught:
        read_answer(data, about, issuer, now=now)
    return caught.value.code


def test_an_answer_is_about_one_certificate(keys: RegionKeys) -> None:
    about, issuer = issue(keys.nodes), keys.nodes.certificate
    good = answered(keys, about, Standing.GOOD)
    assert read_answer(good, about, issuer, now=NOW) == Answer(keys.nodes.name, about.serial_number, None, NOW + DAY)
    bad = answered(keys, about, Revoked(about.serial_number, NOW - DAY))
    assert read_answer(bad, about, issuer, now=NOW).revoked == NOW - DAY
    assert answer_refused(good, issue(keys.nodes), issuer) == "revocation.issuer"
    assert answer_refused(good, about, keys.devices.certificate) == "revocation.issuer"
    assert answer_refused(good, about, issuer, NOW + DAY) == "revocation.stale"
    assert answer_refused(answered(keys, about, Standing.UNKNOWN), about, issuer) == "revocation.unknown"
    assert answer_refused(good[:-1] + bytes([good[-1] ^ 1]), about, issuer) in ("revocation.issuer", "revocation.form")
    assert answer_refused(b"x", about, issuer) == "revocation.form"


@pytest.mark.parametrize(("uses", "code"), [([ExtendedKeyUsageOID.OCSP_SIGNING], ""), ([], "revocation.form")])
def test_an_authority_may_appoint_somebody_to_answer(
    keys: RegionKeys, uses: list[x509.ObjectIdentifier], code: str
) -> None:
    key, issuer = ec.generate_private_key(ec.SECP256R1()), Hand(keys.nodes.key, keys.nodes.certificate)
    extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.ExtendedKeyUsage(uses), False)] if uses else []
    deputy = issuer.end((basic(False), (SIGNS, True), *extensions), key=key)
    about = issue(keys.nodes)
    form = ocsp.OCSPResponseBuilder().add_response(
        about, issuer.certificate, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD, when(NOW), when(NOW + DAY), None, None
    )
    form = form.responder_id(ocsp.OCSPResponderEncoding.HASH, deputy).certificates([deputy])
    data = form.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    if code:
        assert answer_refused(data, about, issuer.certificate) == code
    else:
        assert read_answer(data, about, issuer.certificate, now=NOW).revoked is None


# --- judging a path ---------------------------------------------------------------------------------------------------


def chained(keys: RegionKeys) -> Chain:
    return path(issue(keys.nodes, serial=5), between(keys), roots=[keys.root], now=NOW, purpose=Purpose.CLIENT)


def lists(keys: RegionKeys, *revoked: int, until: int = NOW + DAY) -> dict[str, RevocationList]:
    root = read_list(keys.root_lists[name_of(keys.root)], keys.root, now=NOW)
    own = RevocationList(keys.nodes.name, 1, NOW, until, dict.fromkeys(revoked, NOW))
    return {one.authority: one for one in (root, own)}


def code_of(chain: Chain, known: dict[str, RevocationList], answers: tuple[Answer, ...] = (), now: int = NOW) -> str:
    try:
        check(chain, lists=known, answers=answers, now=now)
    except CertificateError as error:
        return error.code
    return ""


def test_x1_a_path_is_good_until_the_first_list_ends(keys: RegionKeys) -> None:
    chain, known = chained(keys), lists(keys)
    assert check(chain, lists=known, now=NOW) == NOW + DAY
    assert code_of(chain, known, now=NOW + DAY) == "revocation.stale"
    assert code_of(chain, lists(keys, 5)) == "certificate.revoked"
    assert code_of(chain, lists(keys, 6)) == ""
    for missing in known:
        assert code_of(chain, {name: one for name, one in known.items() if name != missing}) == "revocation.missing"


def test_an_authority_that_the_root_has_revoked_is_gone_with_all_its_own(keys: RegionKeys) -> None:
    known = lists(keys)
    root = name_of(keys.root)
    revoked = {keys.nodes.certificate.serial_number: NOW}
    known[root] = RevocationList(root, 2, NOW, NOW + DAY, revoked)
    assert code_of(chained(keys), known) == "certificate.revoked"


def test_an_answer_stands_in_for_a_list_but_never_takes_a_revocation_back(keys: RegionKeys) -> None:
    chain, known = chained(keys), lists(keys, until=NOW - DAY)
    fresh = Answer(keys.nodes.name, 5, None, NOW + DAY)
    assert code_of(chain, known) == "revocation.stale"
    assert code_of(chain, known, (fresh,)) == ""
    assert code_of(chain, lists(keys, 5), (fresh,)) == "certificate.revoked"
    assert code_of(chain, lists(keys), (Answer(keys.nodes.name, 5, NOW, NOW + DAY),)) == "certificate.revoked"
    assert code_of(chain, known, (Answer(keys.devices.name, 5, None, NOW + DAY),)) == "revocation.stale"
