"""Signed, encrypted and authenticated bytes of devices in CBOR: COSE (RFC 9052, RFC 9053, RFC 9338, RFC 9679).

`sign1` is what batches of readings, tokens and orders are sealed with; `countersignature` what a receipt is;
`encrypt0` and `mac0` go with a secret that both sides have; `keys` writes, reads and names public keys; `form` is how
all of it is written: in one way.

pycose serves COSE_Keys, Encrypt0 with AES-GCM, and Mac0, and is imported inside the functions that need it. It never
signs or verifies: its ECDSA is pure Python and leaks time (CVE-2024-23342). What a device does all day (`sign1`,
`countersignature`, names of keys) loads none of it.
"""

from certs.cose.countersignature import Countersignature, countersign, verify_countersignature
from certs.cose.encrypt0 import Encrypt0, decrypt, encrypt
from certs.cose.form import MAX_MESSAGE, CoseError, Secret, split
from certs.cose.keys import kid_of, read_key, thumbprint, write_key
from certs.cose.mac0 import Mac0, authenticate, check
from certs.cose.sign1 import Private, Sign1, read, sign, verify

__all__ = [
    "MAX_MESSAGE",
    "CoseError",
    "Countersignature",
    "Encrypt0",
    "Mac0",
    "Private",
    "Secret",
    "Sign1",
    "authenticate",
    "check",
    "countersign",
    "decrypt",
    "encrypt",
    "kid_of",
    "read",
    "read_key",
    "sign",
    "split",
    "thumbprint",
    "verify",
    "verify_countersignature",
    "write_key",
]
