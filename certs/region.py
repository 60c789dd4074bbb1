"""The keys of a region's trust domain, in a folder of their own beside the node's.

What lives here: `root.pem` (P-384; may be taken away and kept in a safe, then what needs it is refused), `ca.pem` and
`devices.pem` (P-256, authorities for nodes and devices), `issuer.pem` (P-256, signs credentials; made here, read and
followed by others with the node's keys, so that one day it is gone), each authority's certificate as `.crt`, and the
roots' lists of revocations, by their names. Earlier generations keep their files with a number (`ca-1.pem`), for their
lists have to be signed until what they have issued has ended. What does not: what stands in a certificate
(`authority`), to whom one is issued, the life of the issuer's key (`keys`), what the root's key is needed for later
(`rollover`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certs import authority, keyfiles, pairs
from certs.authority import DAY, Authority, name_of
from certs.keyfiles import PRIVATE, PUBLIC
from certs.keys import KeyFileError

ROOT, NODES, DEVICES, CROSS, ISSUER = "root", "ca", "devices", "cross", "issuer.pem"
ROOT_LIST_DAYS = 400
"""How long a list of the root counts: its key lies in a safe, and somebody has to fetch it for the next one."""
_ROLES = {NODES: "Nodes", DEVICES: "Devices"}


class RegionKeys:
    """What a region signs with. Its text form shows no key.

    `root` has no key of its own where `root.pem` was taken away: `root_key` is None then. `former` are authorities of
    earlier generations, `crosses` certificates by which former roots vouch for later ones and the other way round.
    `root_lists` are the lists of revocations of the roots, by their names.
    """

    def __init__(
        self,
        *,
        root: x509.Certificate,
        root_key: ec.EllipticCurvePrivateKey | None,
        nodes: Authority,
        devices: Authority,
        root_lists: Mapping[str, bytes],
        former: Sequence[Authority] = (),
        former_roots: Sequence[x509.Certificate] = (),
        crosses: Sequence[x509.Certificate] = (),
    ) -> None:
        self.root, self.root_key = root, root_key
        self.nodes, self.devices, self.root_lists = nodes, devices, dict(root_lists)
        self.former, self.former_roots, self.crosses = tuple(former), tuple(former_roots), tuple(crosses)

    def __repr__(self) -> str:
        return f"RegionKeys({self.root.subject.rfc4514_string()})"

    @property
    def authorities(self) -> tuple[Authority, ...]:
        """All that sign lists and answers, those in use first."""
        return (self.nodes, self.devices, *self.former)

    @property
    def root_pem(self) -> str:
        """The root certificate that members pin."""
        return pem(self.root)

    @property
    def intermediates(self) -> tuple[str, ...]:
        """Certificates between a root and an end certificate, as PEM."""
        return tuple(pem(one) for one in (*(a.certificate for a in self.authorities), *self.crosses))


def create(folder: Path, *, name: str, public_url: str, now: int, suffixes: Sequence[str] = ()) -> RegionKeys:
    """Make the keys of the region `name` and keep them in `folder`, all or none.

    `public_url` is where its lists and answers are had; with `suffixes` its nodes may have no other hosts than those
    below them. Raises `KeyFileError` `keys.exist`, `keys.write`.
    """
    root_key, issuer = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
    root = Authority(root_key, authority.root(name, root_key, number=1, serial=serial(), now=now))
    made = RegionKeys(
        root=root.certificate,
        root_key=root_key,
        nodes=below(root, name, NODES, 1, authority.nodes_names(suffixes), public_url, now),
        devices=below(root, name, DEVICES, 1, authority.DEVICES_NAMES, public_url, now),
        root_lists={root.name: root.revocations([], number=1, made=now, until=now + ROOT_LIST_DAYS * DAY)},
    )
    keyfiles.create_folder(
        folder,
        {
            f"{ROOT}.pem": (pairs.private(root_key), PRIVATE),
            f"{ROOT}.crt": (pem(made.root).encode(), PUBLIC),
            f"{NODES}.pem": (pairs.private(made.nodes.key), PRIVATE),
            f"{NODES}.crt": (pem(made.nodes.certificate).encode(), PUBLIC),
            f"{DEVICES}.pem": (pairs.private(made.devices.key), PRIVATE),
            f"{DEVICES}.crt": (pem(made.devices.certificate).encode(), PUBLIC),
            ISSUER: (pairs.private(issuer), PRIVATE),
            f"{root.name}.crl": (made.root_lists[root.name], PUBLIC),
        },
    )
    return made


def load(folder: Path) -> RegionKeys:
    """The region's keys. Raises `KeyFileError`: as `keyfiles.read_private`, and `key.content` for a file that holds
    something else, or a key that does not belong to its certificate."""
    for name in (ROOT, NODES, DEVICES):
        pairs.settle(folder, name)
    root = _certificate(folder / f"{ROOT}.crt")
    roots = [_certificate(folder / f"{name}.crt") for name in earlier(folder, ROOT)]
    own = [_authority(folder, role) for role in (NODES, DEVICES)]
    former = [_authority(folder, name) for role in (NODES, DEVICES) for name in earlier(folder, role)]
    return RegionKeys(
        root=root,
        root_key=_root_key(folder, root),
        nodes=own[0],
        devices=own[1],
        root_lists={name: keyfiles.read_public(folder / f"{name}.crl") for name in map(name_of, (root, *roots))},
        # What a crash has left twice is one authority.
        former=[one for one in former if one.name not in {other.name for other in own}],
        former_roots=[one for one in roots if one != root],
        crosses=[_certificate(folder / f"{name}.crt") for name in earlier(folder, CROSS)],
    )


def exists(folder: Path) -> bool:
    """Does a region live here?"""
    return (folder / f"{ROOT}.crt").exists()


def _root_key(folder: Path, root: x509.Certificate) -> ec.EllipticCurvePrivateKey | None:
    path = folder / f"{ROOT}.pem"
    return _fitting(path, root) if path.exists() else None


def _authority(folder: Path, name: str) -> Authority:
    certificate = _certificate(folder / f"{name}.crt")
    return Authority(_fitting(folder / f"{name}.pem", certificate), certificate)


def earlier(folder: Path, role: str) -> list[str]:
    """Names of earlier generations, the latest first."""
    found = [match for path in folder.iterdir() if (match := re.fullmatch(rf"{role}-([0-9]+)\.crt", path.name))]
    return [f"{role}-{match[1]}" for match in sorted(found, key=lambda match: -int(match[1]))]


def below(
    root: Authority, region: str, role: str, number: int, names: x509.NameConstraints | None, public_url: str, now: int
) -> Authority:
    """A new authority right below the root."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = authority.titled(region, f"{_ROLES[role]} {number}")
    form = authority.authority_form(name, key.public_key(), serial=serial(), now=now)
    if names is not None:
        form = form.add_extension(names, critical=True)
    if role == DEVICES:
        form = form.add_extension(authority.DEVICES_USE, critical=False)
    return Authority(key, root.certify(form, key.public_key(), public_url))


def pem(certificate: x509.Certificate) -> str:
    """A certificate as text (RFC 7468, 5)."""
    return certificate.public_bytes(Encoding.PEM).decode()


def serial() -> int:
    """For an authority's own certificate: 159 random bits (RFC 5280, 4.1.2.2); those of members are drawn by their
    issuer, who remembers them."""
    return x509.random_serial_number()


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(keyfiles.read_public(path))
    except ValueError as error:
        raise KeyFileError("key.content", path=str(path), want="X.509") from error


def _fitting(path: Path, certificate: x509.Certificate) -> ec.EllipticCurvePrivateKey:
    """The key of that certificate, or `KeyFileError`."""
    key = pairs.read_key(path)
    if key.public_key() != certificate.public_key():
        raise KeyFileError("key.content", path=str(path), want=f"{path.stem}.crt")
    return key
