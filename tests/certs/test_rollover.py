"""A region's keys on disk, and their change to later ones: members that believe the former root follow to the next."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import keyfiles, pairs, region, rollover
from certs.authority import DAY, Authority, Revoked, name_of
from certs.keys import KeyFileError
from certs.region import RegionKeys
from certs.revocation import check, parse, read_list
from certs.x509 import CertificateError, Purpose, path
from tests.harness.openssl import OPENSSL, openssl, verified
from tests.harness.trustdomain import NOW, Hand, between, issue, made

URL = "https://region.example"
KEPT = (x509.NameConstraints, x509.ExtendedKeyUsage, x509.BasicConstraints, x509.KeyUsage)
LATER = NOW + 300 * DAY


def renewed_root(folder: Path, now: int = NOW) -> RegionKeys:
    return rollover.renew_root(folder, public_url=URL, now=now)


def leads(leaf: x509.Certificate, keys: RegionKeys, root: x509.Certificate, now: int = NOW) -> bool:
    try:
        path(leaf, between(keys), roots=[root], now=now, purpose=Purpose.CLIENT)
    except CertificateError:
        return False
    return True


def test_a_domain_goes_on_when_the_first_key_for_credentials_is_gone(tmp_path: Path) -> None:
    made(tmp_path / "region")
    (tmp_path / "region" / "issuer.pem").unlink()
    assert renewed_root(tmp_path / "region").former


def test_private_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    made(tmp_path / "region")
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "region").iterdir()}
    assert {mode for name, mode in modes.items() if name.endswith(".pem")} == {0o600}
    assert {mode for name, mode in modes.items() if not name.endswith(".pem")} == {0o644}
    assert {"root.pem", "root.crt", "ca.pem", "ca.crt", "devices.pem", "devices.crt", "issuer.pem"} <= set(modes)


def test_what_is_made_is_loaded_and_never_overwritten(tmp_path: Path) -> None:
    keys = made(tmp_path / "region")
    again = region.load(tmp_path / "region")
    assert [again.root, again.nodes.name, again.devices.name] == [keys.root, keys.nodes.name, keys.devices.name]
    assert "PRIVATE" not in repr(again)
    with pytest.raises(KeyFileError) as caught:
        made(tmp_path / "region")
    assert caught.value.code == "keys.exist"


@pytest.mark.parametrize("name", ["ca.pem", "devices.pem", "root.pem"])
def test_a_key_that_others_may_read_or_that_belongs_to_nothing_is_not_used(tmp_path: Path, name: str) -> None:
    made(tmp_path / "region")
    place = tmp_path / "region" / name
    place.chmod(0o640)
    with pytest.raises(KeyFileError) as caught:
        region.load(tmp_path / "region")
    assert caught.value.code == "key.mode"
    place.chmod(0o600)
    place.write_bytes((tmp_path / "region" / "issuer.pem").read_bytes())
    with pytest.raises(KeyFileError) as caught:
        region.load(tmp_path / "region")
    assert caught.value.code == "key.content"


def test_the_root_key_may_lie_in_a_safe_and_is_asked_for_where_it_is_needed(tmp_path: Path) -> None:
    made(tmp_path / "region")
    (tmp_path / "region" / "root.pem").unlink()
    assert region.load(tmp_path / "region").root_key is None
    for change in (
        lambda folder: rollover.renew_list(folder, now=NOW),
        lambda folder: rollover.renew_authority(folder, region.NODES, public_url=URL, now=NOW),
        renewed_root,
    ):
        with pytest.raises(KeyFileError) as caught:
            change(tmp_path / "region")
        assert caught.value.code == "region.root_away"


def test_numbers_of_the_roots_list_grow_and_what_it_revoked_stays(tmp_path: Path) -> None:
    keys = made(tmp_path / "region")
    name, nodes = name_of(keys.root), keys.nodes.certificate
    first = parse(keys.root_lists[name], name)
    after = rollover.renew_list(tmp_path / "region", now=NOW, revoked=[nodes])
    last = rollover.renew_list(tmp_path / "region", now=NOW)
    lists = [parse(one.root_lists[name], name) for one in (after, last)]
    assert [first.number, *(one.number for one in lists)] == [1, 2, 3]
    assert all(nodes.serial_number in one.revoked for one in lists)


@pytest.mark.parametrize("role", [region.NODES, region.DEVICES])
def test_another_authority_issues_and_the_former_goes_on_signing_its_lists(tmp_path: Path, role: str) -> None:
    before = made(tmp_path / "region")
    former = before.nodes if role == region.NODES else before.devices
    after = rollover.renew_authority(tmp_path / "region", role, public_url=URL, now=LATER)
    assert former.name in {one.name for one in after.former}
    assert {after.nodes.name, after.devices.name} != {before.nodes.name, before.devices.name}
    assert leads(issue(before.nodes), after, before.root)
    assert leads(issue(after.nodes, now=LATER), after, before.root, LATER)
    said = [
        [one.value for one in each.certificate.extensions if isinstance(one.value, KEPT)]
        for each in (former, after.nodes if role == region.NODES else after.devices)
    ]
    assert said[0] == said[1]


def test_members_follow_to_the_next_root_and_newcomers_believe_the_old_certificates(tmp_path: Path) -> None:
    before = made(tmp_path / "region")
    old_leaf = issue(before.nodes)
    after = renewed_root(tmp_path / "region")
    new_leaf, offered = issue(after.nodes), [after.root, *after.former_roots, *between(after)]
    assert rollover.successors([before.root], offered, now=NOW) == (after.root,)
    for leaf in (old_leaf, new_leaf):
        for root in (before.root, after.root):
            assert leads(leaf, after, root)
    assert not leads(old_leaf, before, after.root)  # only what both roots say of each other leads there


def test_every_path_across_the_change_is_covered_by_lists(tmp_path: Path) -> None:
    before = made(tmp_path / "region")
    after = renewed_root(tmp_path / "region")
    until = NOW + 4 * DAY
    lists = {
        one.name: parse(one.revocations([], number=1, made=NOW, until=until), one.name) for one in after.authorities
    }
    lists |= {name: parse(body, name) for name, body in after.root_lists.items()}
    for leaf in (issue(before.nodes), issue(after.nodes)):
        for root in (before.root, after.root):
            chain = path(leaf, between(after), roots=[root], now=NOW, purpose=Purpose.CLIENT)
            assert check(chain, lists=lists, now=NOW) == until


def test_two_changes_of_the_root_leave_everything_readable(tmp_path: Path) -> None:
    first = made(tmp_path / "region")
    renewed_root(tmp_path / "region")
    third = renewed_root(tmp_path / "region", LATER)
    assert len(third.former_roots) == 2
    assert len(third.root_lists) == 3
    offered = [third.root, *third.former_roots, *between(third)]
    assert set(rollover.successors([first.root], offered, now=LATER)) == {third.root, *third.former_roots} - {
        first.root
    }
    assert len({one.name for one in third.authorities}) == len(third.authorities) == 6


def test_nobody_becomes_a_root_by_saying_so(tmp_path: Path) -> None:
    keys, stranger = made(tmp_path / "region"), Hand.root("Region Elbland Root 1")
    assert rollover.successors([keys.root], [stranger.certificate, *between(keys)], now=NOW) == ()
    # Whoever has stolen an authority's key makes a root of it: the root has certified that key, but for no authorities.
    stolen = Hand(keys.nodes.key, keys.nodes.certificate)
    own = Authority(stolen.key, stolen.certificate)
    form = x509.CertificateBuilder(
        issuer_name=keys.root.subject,
        subject_name=keys.root.subject,
        public_key=own.key.public_key(),
        serial_number=1,
        not_valid_before=keys.root.not_valid_before_utc,
        not_valid_after=keys.root.not_valid_after_utc,
    )
    form = form.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    forged = form.sign(own.key, keys.nodes.certificate.signature_hash_algorithm)  # type: ignore[arg-type]
    assert rollover.successors([keys.root], [forged, *between(keys)], now=NOW) == ()


def test_a_change_that_was_broken_off_is_finished_or_had_not_begun(tmp_path: Path) -> None:
    folder = tmp_path / "region"
    before = made(folder)
    later = rollover.renew_authority(folder, region.NODES, public_url=URL, now=NOW)
    # As a crash leaves it between the two renames: the key is in place, the certificate still has its other name.
    (folder / "ca.crt").rename(folder / "ca.crt.next")
    (folder / "ca.crt").write_text(region.pem(before.nodes.certificate))
    assert region.load(folder).nodes.name == later.nodes.name
    # And before: the next key waits, nothing counts on it.
    keyfiles.replace(folder / "ca.pem.next", pairs.private(before.nodes.key))
    assert region.load(folder).nodes.name == later.nodes.name


def test_files_of_a_pair_are_exchanged_together(tmp_path: Path) -> None:
    key = pairs.next_key(tmp_path, "tls")
    assert pairs.next_key(tmp_path, "tls").private_numbers() == key.private_numbers()
    pairs.adopt(tmp_path, "tls", "chain")
    assert pairs.read_key(tmp_path / "tls.pem").private_numbers() == key.private_numbers()
    assert (tmp_path / "tls.crt").read_text() == "chain"
    assert sorted(os.listdir(tmp_path)) == ["tls.crt", "tls.pem"]
    assert pairs.next_key(tmp_path, "tls").private_numbers() != key.private_numbers()
    pairs.settle(tmp_path, "tls")
    assert pairs.read_key(tmp_path / "tls.pem").private_numbers() == key.private_numbers()


def test_a_file_that_is_not_what_it_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "folder").mkdir()
    for name, code in (("nothing", "key.missing"), ("link", "key.unreadable"), ("folder", "key.kind")):
        with pytest.raises(KeyFileError) as caught:
            keyfiles.read_private(tmp_path / name)
        assert caught.value.code == code
    with pytest.raises(KeyFileError) as caught:
        keyfiles.replace(tmp_path / "missing" / "x", b"")
    assert caught.value.code == "keys.write"


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
@pytest.mark.parametrize("rolled", [False, True])
def test_openssl_finds_every_path_and_every_revocation(tmp_path: Path, rolled: bool) -> None:
    keys = made(tmp_path / "region")
    old = issue(keys.nodes)
    if rolled:
        keys = renewed_root(tmp_path / "region")
    new, device = issue(keys.nodes), issue(keys.devices, member="urn:dev:pi7", hosts=())
    lists = [*keys.root_lists.values()]
    for one in keys.authorities:
        revoked = [] if one.name != keys.nodes.name else [Revoked(new.serial_number, NOW - DAY)]
        lists.append(one.revocations(revoked, number=1, made=NOW, until=NOW + 4 * DAY))
    others = [one.certificate for one in keys.authorities] + [*keys.crosses]
    for root in (keys.root, *keys.former_roots):
        assert verified(tmp_path, old, others, root, lists, NOW)
        assert verified(tmp_path, device, others, root, lists, NOW)
        assert not verified(tmp_path, new, others, root, lists, NOW)
        assert not verified(tmp_path, old, others, root, lists, NOW + 5 * DAY)  # stale lists


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
def test_openssl_reads_our_lists(tmp_path: Path) -> None:
    keys = made(tmp_path / "region")
    (tmp_path / "root.crl").write_bytes(keys.root_lists[name_of(keys.root)])
    (tmp_path / "root.pem").write_bytes(keys.root.public_bytes(Encoding.PEM))
    told = openssl("crl", "-inform", "DER", "-in", "root.crl", "-CAfile", "root.pem", "-noout", cwd=tmp_path)
    assert "verify OK" in told
    assert read_list(keys.root_lists[name_of(keys.root)], keys.root, now=NOW).number == 1
