"""Who a device is and which node is its own: its key, its tokens, and what it has pinned.

What lives here: the files `keys/device.key` (PKCS #8 in PEM, mode 0600, or a credential of the service manager) and
`node.json`, and what is done with the key besides sealing. What does not: getting them (`enrol`), the certificate
(`certificate`), sealing readings (`seal`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from msgspec import Struct

from certs import cose, cwt, did, keyfiles, welcome
from certs.cose import Private
from certs.did import DidError
from certs.jwk import Jwk, PublicKey
from certs.keys import KeyFileError
from certs.welcome import WelcomeError
from edge_node.errors import EnrolmentError

KEYS: Final = "keys"
KEY: Final = "device.key"
NODE: Final = "node.json"
CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
"""Names where systemd puts what `LoadCredential=` says; a key that is there goes before the one in the directory."""

Draw: TypeAlias = Callable[[int], bytes]
Algorithm = Literal["Ed25519", "P-256"]


class Pins(Struct, frozen=True, kw_only=True):
    """The node of a device, as it was when the device took its place: its root URL, its DID and the public keys that
    sign what it tells; the region's root certificate (PEM); and what the node calls the device. `at` is when it said
    so, in microseconds UTC. `renew` is when the device's certificate is to be renewed, 0: nobody knows."""

    url: str
    node: str
    keys: tuple[Jwk, ...]
    root: str
    device: str
    name: str
    at: int
    renew: int = 0


class Identity:
    """A device with a place. Its text form shows nothing secret."""

    def __init__(self, key: Private, pins: Pins, *, draw: Draw) -> None:
        self.key, self.pins, self._draw = key, pins, draw
        self.kid = cose.kid_of(key.public_key())
        self._node_keys = welcome.keys_of(pins.keys)

    def __repr__(self) -> str:
        return f"Identity({self.pins.device}, {self.kid.hex()})"

    @property
    def device(self) -> str:
        """Its DID."""
        return self.pins.device

    @property
    def node(self) -> str:
        """Its node's DID."""
        return self.pins.node

    @property
    def node_keys(self) -> Mapping[bytes, PublicKey]:
        """What orders are verified with: the node's keys by what messages call them."""
        return self._node_keys

    def at(self, path: str) -> str:
        """A URL of the node, as `/edge/orders`."""
        return self.pins.url + path

    def authorization(self, now: int) -> str:
        """A fresh token for one request to the node, as the field Authorization has it. `now` is what the node takes
        for the time."""
        return authorization(self.key, device=self.device, node=self.node, now=now, draw=self._draw)


def authorization(key: Private, *, device: str, node: str, now: int, draw: Draw) -> str:
    """A token of a device for one request to a node."""
    kid = cose.kid_of(key.public_key())
    return cwt.bearer(cwt.make(key, kid, issuer=device, audience=node, now=now, id=draw(cwt.ID_BYTES)))


# --- files ------------------------------------------------------------------------------------------------------------


def load(directory: Path, *, draw: Draw, credentials: Path | None = None) -> Identity:
    """The device of this directory. Raises `EnrolmentError`: `enrol.none` (it has no place yet), `enrol.files`."""
    pins = read_pins(directory)
    key = read_key(directory, credentials)
    if pins is None or key is None:
        raise EnrolmentError("enrol.none")
    try:
        return Identity(key, pins, draw=draw)
    except WelcomeError:
        raise EnrolmentError("enrol.files", path=NODE, why="form") from None


def credentials_directory() -> Path | None:
    """Where a service manager has put credentials."""
    named = os.environ.get(CREDENTIALS)
    return Path(named) if named else None


def read_pins(directory: Path) -> Pins | None:
    """What was pinned; None before. Raises `EnrolmentError` `enrol.files`."""
    data = read_file(directory / NODE, keyfiles.read_public)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=Pins)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise EnrolmentError("enrol.files", path=NODE, why="form") from None


def write_pins(directory: Path, pins: Pins) -> None:
    """Pin this node, on disk when it returns. Raises `EnrolmentError` `enrol.files`."""
    write_file(directory / NODE, msgspec.json.format(msgspec.json.encode(pins)) + b"\n", keyfiles.PUBLIC)


def read_key(directory: Path, credentials: Path | None = None) -> Private | None:
    """The key of the device; None before there is one. Raises `EnrolmentError` `enrol.files`."""
    data = None if credentials is None else read_file(credentials / KEY, keyfiles.read_private)
    if data is None:
        data = read_file(directory / KEYS / KEY, keyfiles.read_private)
    if data is None:
        return None
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError):
        key = None
    if isinstance(key, Ed25519PrivateKey) or (
        isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)
    ):
        return key
    raise EnrolmentError("enrol.files", path=KEY, why="form")


def make_key(directory: Path, algorithm: Algorithm) -> Private:
    """A new key, on disk when it returns. Raises `EnrolmentError` `enrol.files`."""
    key = Ed25519PrivateKey.generate() if algorithm == "Ed25519" else generate_private_key(SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_file(directory / KEYS / KEY, pem, keyfiles.PRIVATE)
    return key


def of_node(url: str) -> tuple[str, str]:
    """A node's root URL in its one spelling, and its DID. Raises `EnrolmentError` `enrol.place`."""
    try:
        spelled = did.root(url if "://" in url else f"https://{url}")
        return spelled, did.of_url(spelled)
    except DidError:
        raise EnrolmentError("enrol.place", place=url[:200]) from None


def read_file(path: Path, read: Callable[[Path], bytes]) -> bytes | None:
    """What is in a file; None where there is none. Raises `EnrolmentError` `enrol.files`."""
    try:
        return read(path)
    except KeyFileError as error:
        if error.code == "key.missing":
            return None
        raise EnrolmentError("enrol.files", path=path.name, why=error.code) from None


def write_file(path: Path, content: bytes, mode: int) -> None:
    """In a file, and on disk when it returns. Raises `EnrolmentError` `enrol.files`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EnrolmentError("enrol.files", path=path.parent.name, why=error.strerror or "") from None
    try:
        keyfiles.replace(path, content, mode)
    except KeyFileError as error:
        raise EnrolmentError("enrol.files", path=path.name, why=error.params.get("error", error.code)) from None
