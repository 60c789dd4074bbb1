"""What makes a node who it is, for good: its beginning, and that it comes back as the same one.

What lives here: making a node's directory (`initialise`) and the region that it keeps (`found_region`), and what every
start sees to before anybody is answered. What does not: the form of the settings (`config`) and of the keys
(`certs.keys`, `certs.region`), what a node is made of (`node`).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from certs import checkpoint, did, jwk, keys, region, words
from connector import config as settings
from connector.errors import InputError
from connector.ports import Store
from connector.services.operators import Operators

FIRST_OPERATOR = "admin"
CREDENTIAL = "token"
"""The file with the first operator's credential."""


class Made(Struct, frozen=True):
    """Who a new node is: its DID, and the fingerprint of its keys in words."""

    did: str
    words: str


def initialise(directory: Path, public_url: str, *, public_port: int, management_port: int, lab: bool) -> Made:
    """Make a node: settings, keys, and the credential of its first operator.

    Raises `InputError` where there is one already, or the address cannot be one of a node; a loopback one is permanent
    like any other and only for a laboratory.
    """
    if (directory / "allmende.toml").exists():
        raise InputError("node.exists", path=str(directory))
    text = settings.template(public_url, public_port=public_port, management_port=management_port)
    config = settings.read(directory, text, {})
    try:
        identity = did.of_url(config.public_url)
    except did.DidError as error:
        raise InputError("node.address", url=public_url, problem=error.code) from None
    if config.lab and not lab:
        raise InputError("node.loopback", url=public_url)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = keys.create(directory / "keys")
    _write_secret(directory / CREDENTIAL, secrets.token_urlsafe(32))
    (directory / "allmende.toml").write_text(text, "utf-8")
    return Made(identity, words.fingerprint(own.thumbprints))


class Kept(Struct, frozen=True):
    """The region that a node keeps from now on: the SHA-256 of its root certificate in hex, its DID, which is that of
    the node, and the fingerprint in words of the keys with which it signs credentials."""

    root: str
    did: str
    words: str


def found_region(
    directory: Path, name: str, *, now: int, credentials: Path | None, suffixes: Sequence[str] = ()
) -> Kept:
    """Let the node in a directory keep a region: keys of a trust domain, and its name in the settings. With `suffixes`
    its nodes may have no other hosts than those below them.

    Made again, it goes on where it was stopped. Raises `InputError`: no node there, `region.exists` (of another name),
    `region.title`, keys that cannot be written or read.
    """
    if not 0 < len(name) <= 56 or not name.isprintable() or name != name.strip():
        raise InputError("region.title")
    path = directory / "allmende.toml"
    config = settings.load(directory, {})
    if config.region.name not in ("", name):
        raise InputError("region.exists", name=config.region.name)
    folder = directory / "keys" / "region"
    try:
        if not region.exists(folder):
            region.create(folder, name=name, public_url=config.public_url, now=now, suffixes=suffixes)
        root = region.load(folder).root.public_bytes(Encoding.DER)
        shown = keys.load(directory / "keys", credentials).published()
    except keys.KeyFileError as error:
        raise InputError(error.code, **error.params) from None
    if config.region.name != name:
        fresh = path.with_suffix(".new")
        fresh.write_text(settings.with_setting(path.read_text("utf-8"), "region", "name", name), "utf-8")
        settings.read(directory, fresh.read_text("utf-8"), {})  # never leave a node that does not start
        fresh.replace(path)
    issuer = (jwk.thumbprint(key) for name, key in shown.items() if name.startswith("issuer"))
    return Kept(sha256(root).hexdigest(), did.of_url(config.public_url), words.fingerprint(issuer))


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


# --- at every start ---------------------------------------------------------------------------------------------------


async def same_as_ever(store: Store, own: str) -> None:
    """The identity is permanent: contracts name it, and the log is signed by it. Raises `InputError`."""
    head = await store.read(lambda view: view.head())
    if head is not None and checkpoint.generation(head.id, own) is None:
        raise InputError("node.identity", was=head.id, now=own)


async def first_operator(operators: Operators, directory: Path) -> None:
    """The credential that `initialise` made is the first operator's; later ones are made over the API."""
    token = directory / CREDENTIAL
    if token.exists():
        await operators.found(FIRST_OPERATOR, token.read_text().strip())
