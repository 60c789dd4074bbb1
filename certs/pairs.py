"""A private key and its certificate, two files that are exchanged together.

What lives here: making the next key beside the one in use, and putting both files of a pair in the place of the former
ones so that a crash leaves the old pair or the new one. What does not: who makes the certificate, and when.

A pair `NAME` is `NAME.pem` and `NAME.crt` (the chain, end certificate first). The next key waits as `NAME.pem.next`;
it is in use from the moment that `NAME.crt.next` is on disk: `settle` finishes from there, whatever happened meanwhile.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from certs import keyfiles
from certs.keys import KeyFileError

_NEXT = ".next"


def next_key(folder: Path, name: str) -> ec.EllipticCurvePrivateKey:
    """The key of the next pair: the one that waits, so that a request can be repeated, else a new one, kept.

    Raises `KeyFileError`.
    """
    path = folder / f"{name}.pem{_NEXT}"
    if path.exists():
        return read_key(path)
    key = ec.generate_private_key(ec.SECP256R1())
    keyfiles.replace(path, private(key))
    return key


def adopt(folder: Path, name: str, chain: str) -> None:
    """The waiting key and this chain (PEM) are the pair from now on. Raises `KeyFileError`."""
    keyfiles.replace(folder / f"{name}.crt{_NEXT}", chain.encode(), keyfiles.PUBLIC)
    settle(folder, name)


def settle(folder: Path, name: str) -> None:
    """Finish an exchange that was begun; nothing where none was. Raises `KeyFileError` `keys.write`.

    INVARIANT: the key goes first. While the new certificate still has its other name, the exchange is not over.
    """
    key, certificate = folder / f"{name}.pem", folder / f"{name}.crt"
    try:
        if not (folder / f"{name}.crt{_NEXT}").exists():
            return
        if (folder / f"{name}.pem{_NEXT}").exists():
            (folder / f"{name}.pem{_NEXT}").replace(key)
            keyfiles.sync(folder)
        (folder / f"{name}.crt{_NEXT}").replace(certificate)
        keyfiles.sync(folder)
    except OSError as error:
        raise KeyFileError("keys.write", path=str(certificate), error=error.strerror or "") from error


def read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """A private key on an elliptic curve. Raises `KeyFileError`."""
    try:
        key = load_pem_private_key(keyfiles.read_private(path), password=None)
    except (ValueError, TypeError) as error:
        raise KeyFileError("key.content", path=str(path), want="PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileError("key.content", path=str(path), want="EC")
    return key


def private(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as it is kept: PKCS #8 in PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
