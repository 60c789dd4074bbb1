"""Changes of a region's own keys: a new authority, a new root, another list of the root.

What lives here: what needs the root's key, and the files that it leaves behind. What does not: telling the members.
They learn of new authorities and roots when they renew their certificates: a new root is believed because the former
one has certified it (RFC 7030, 4.1.3; RFC 4210, 4.4), and `successors` says which these are.

Each change is done in an order in which it can be broken off anywhere: what is in use goes on until the last step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs import authority, keyfiles, pairs, region
from certs.authority import DAY, ROOT_DAYS, Authority, Revoked, instant
from certs.keyfiles import PUBLIC
from certs.keys import KeyFileError
from certs.region import CROSS, DEVICES, NODES, ROOT, ROOT_LIST_DAYS, RegionKeys
from certs.x509 import CertificateError, check_authority, ends


def renew_list(folder: Path, *, now: int, revoked: Sequence[x509.Certificate] = ()) -> RegionKeys:
    """A list of the root with the next number; `revoked` are authorities that it takes back from now on.

    Raises `KeyFileError` `region.root_away`, and as `region.load`.
    """
    keys = region.load(folder)
    root = _root(folder, keys)
    _write_list(folder, root, keys.root_lists[root.name], revoked, now, now + ROOT_LIST_DAYS * DAY)
    return region.load(folder)


def renew_authority(folder: Path, role: str, *, public_url: str, now: int) -> RegionKeys:
    """Another authority for nodes (`ca`) or devices (`devices`), which issues from now on; the former one signs its
    lists until what it has issued has ended. Raises as `renew_list`."""
    keys = region.load(folder)
    return _renewed(folder, keys, _root(folder, keys), role, public_url, now)


def renew_root(folder: Path, *, public_url: str, now: int) -> RegionKeys:
    """Another root, with authorities of its own, and certificates of both roots for each other.

    The former root signs its last list, which lasts as long as itself; its key is forgotten then. Raises as
    `renew_list`.
    """
    keys = region.load(folder)
    former = _root(folder, keys)
    number = _next(folder, ROOT)
    name = authority.organisation(former.certificate)
    key = ec.generate_private_key(ec.SECP384R1())
    root = Authority(key, authority.root(name, key, number=number + 1, serial=region.serial(), now=now))
    _write_list(folder, former, keys.root_lists[former.name], (), now, former.ends)
    new_list = root.revocations([], number=1, made=now, until=now + ROOT_LIST_DAYS * DAY)
    keyfiles.replace(folder / f"{root.name}.crl", new_list, PUBLIC)
    for by, about in ((former, root), (root, former)):
        _keep(folder, CROSS, _cross(by, about, public_url, now))
    _keep(folder, ROOT, former.certificate)
    keyfiles.replace(folder / f"{ROOT}.pem.next", pairs.private(key))
    pairs.adopt(folder, ROOT, region.pem(root.certificate))
    for role in (NODES, DEVICES):
        keys = _renewed(folder, region.load(folder), root, role, public_url, now)
    return keys


def successors(
    roots: Sequence[x509.Certificate], offered: Sequence[x509.Certificate], *, now: int
) -> tuple[x509.Certificate, ...]:
    """The roots among `offered` whose keys one of `roots`, which are believed, has certified; and so on from those.

    A certificate that signs itself proves nothing; that the believed root names the same key for an authority does.
    """
    believed = list(roots)
    for _ in offered:  # whoever was away for long has several roots to follow
        believed += [
            one
            for one in offered
            if one.issuer == one.subject
            and one not in believed
            and now < ends(one)
            and _certified(one, believed, offered, now)
        ]
    return tuple(believed[len(roots) :])


def _certified(
    root: x509.Certificate, roots: Sequence[x509.Certificate], offered: Sequence[x509.Certificate], now: int
) -> bool:
    """INVARIANT: certified as one that may have authorities of its own. An authority for nodes or devices is certified
    too, and whoever steals its key must not become a root by it."""
    for other in offered:
        if other.public_key() == root.public_key() and other.issuer != root.issuer:
            with contextlib.suppress(CertificateError):
                check_authority(other, roots=roots, below=1, now=now)
                return True
    return False


# --- parts ------------------------------------------------------------------------------------------------------------


def _root(folder: Path, keys: RegionKeys) -> Authority:
    if keys.root_key is None:
        raise KeyFileError("region.root_away", path=str(folder / f"{ROOT}.pem"))
    return Authority(keys.root_key, keys.root)


def _renewed(folder: Path, keys: RegionKeys, root: Authority, role: str, public_url: str, now: int) -> RegionKeys:
    former = keys.nodes if role == NODES else keys.devices
    number = _next(folder, role)
    said = [one.value for one in former.certificate.extensions]
    names = next((one for one in said if isinstance(one, x509.NameConstraints)), None)
    made = region.below(root, authority.organisation(root.certificate), role, number + 1, names, public_url, now)
    keyfiles.replace(folder / f"{role}-{number}.pem", pairs.private(former.key))
    _keep(folder, role, former.certificate)
    keyfiles.replace(folder / f"{role}.pem.next", pairs.private(made.key))
    pairs.adopt(folder, role, region.pem(made.certificate))
    return region.load(folder)


def _cross(by: Authority, about: Authority, public_url: str, now: int) -> x509.Certificate:
    """What one root certifies of the other: it may have authorities, as long as both last."""
    days = (min(by.ends, about.ends, now + ROOT_DAYS * DAY) - now) // DAY
    key = about.key.public_key()
    name = about.certificate.subject
    form = authority.authority_form(name, key, serial=region.serial(), now=now, days=days, below=1)
    return by.certify(form, key, public_url)


def _keep(folder: Path, role: str, certificate: x509.Certificate) -> None:
    name = f"{role}-{_next(folder, role)}.crt"
    keyfiles.replace(folder / name, region.pem(certificate).encode(), PUBLIC)


def _next(folder: Path, role: str) -> int:
    """The number of the next one of a role that is put by."""
    return len(region.earlier(folder, role)) + 1


def _write_list(
    folder: Path, root: Authority, former: bytes, more: Sequence[x509.Certificate], now: int, until: int
) -> None:
    """The list after `former`, with what stood in that.

    INVARIANT: its number grows; whoever has seen this one takes no earlier one any more.
    """
    old = x509.load_der_x509_crl(former)
    number = old.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
    revoked = [Revoked(one.serial_number, instant(one.revocation_date_utc)) for one in old]
    revoked += [Revoked(one.serial_number, now, x509.ReasonFlags.ca_compromise) for one in more]
    made = root.revocations(revoked, number=number, made=now, until=until)
    keyfiles.replace(folder / f"{root.name}.crl", made, PUBLIC)
