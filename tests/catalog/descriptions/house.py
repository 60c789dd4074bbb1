"""A stub of a clearing house and a foreign participant, for tests: no real one is ever asked.

What they say follows the real samples: the number of the registration sample of the older generation, the person of the
official example, credentials signed with PS256 as the houses do, keys with `x5u`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from catalog.descriptions.description import TERMS_HASH
from catalog.rdf import terms
from certs import did, revocation
from certs.authority import name_of
from certs.revocation import RevocationList
from certs.strict import to_base64url
from certs.vcdm import write_date

NOW = 1_795_000_000_000_000
DAY = timedelta(days=1)
AT = datetime.fromtimestamp(NOW / 1_000_000, UTC)
_PERSON = {"legal": "DE", "number": "BE0762747721"}


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not authority, False, False, False, False, authority, authority, False, False)


class Pki:
    """A root, an authority below it with a list of what it revoked, and certificates for signatures."""

    def __init__(self) -> None:
        self.root_key, self.ca_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = self._made("root", self.root_key, "root", self.root_key, authority=1)
        self.ca = self._made("ca", self.ca_key, "root", self.root_key, authority=0)
        self.revoked: list[int] = []

    def _made(
        self, subject: str, key: Any, issuer: str, signer: Any, *, authority: int | None = None, days: int = 100
    ) -> x509.Certificate:
        made = x509.CertificateBuilder(
            subject_name=_name(subject),
            issuer_name=_name(issuer),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=AT - 10 * DAY,
            not_valid_after=AT + days * DAY,
        )
        made = made.add_extension(x509.BasicConstraints(authority is not None, authority), critical=True)
        made = made.add_extension(_usage(authority is not None), critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        made = made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        if authority is None:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("a.example")]), critical=False)
        return made.sign(signer, hashes.SHA256())

    def certificate(self, key: Any, days: int = 100) -> x509.Certificate:
        """For signatures with this key."""
        return self._made("leaf", key, "ca", self.ca_key, days=days)

    def lists(self, days: int = 3) -> dict[str, RevocationList]:
        """What the authorities say is revoked, for so many days."""
        return {
            name_of(one): revocation.read_list(self._list(one, key, days), one, now=NOW)
            for one, key in ((self.root, self.root_key), (self.ca, self.ca_key))
        }

    def _list(self, issuer: x509.Certificate, key: Any, days: int) -> bytes:
        made = x509.CertificateRevocationListBuilder(
            issuer_name=issuer.subject, last_update=AT - DAY, next_update=AT + days * DAY
        )
        made = made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        ).add_extension(x509.CRLNumber(1), critical=False)
        for serial in self.revoked if issuer is self.ca else []:
            made = made.add_revoked_certificate(x509.RevokedCertificateBuilder(serial, AT - DAY).build())
        return made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


class Foreign:
    """A participant elsewhere with an RSA key, its DID document and chain on a web of its own."""

    def __init__(self, host: str, pki: Pki, web: dict[str, bytes]) -> None:
        self.host, self.did, self.web, self.pki = host, f"did:web:{host}", web, pki
        self.key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        self.kid = self.did + "#X509-JWK2020"
        self.chain_url = f"https://{host}/.well-known/x509CertificateChain.pem"
        self.serve(pki.certificate(self.key))
        self.document: dict[str, Any] = {
            "id": self.did,
            "verificationMethod": [
                {"id": self.kid, "type": "JsonWebKey2020", "controller": self.did, "publicKeyJwk": self.jwk()}
            ],
            "assertionMethod": [self.kid],
        }
        self.publish()

    def serve(self, leaf: x509.Certificate) -> None:
        """Publish a chain."""
        self.leaf = leaf
        self.web[self.chain_url] = b"".join(
            one.public_bytes(Encoding.PEM) for one in (leaf, self.pki.ca, self.pki.root)
        )

    def publish(self) -> None:
        """Publish the document as it is now."""
        self.web[f"https://{self.host}/.well-known/did.json"] = msgspec.json.encode(self.document)

    def jwk(self) -> dict[str, Any]:
        """The public key, with its algorithm and where its chain is."""
        numbers = self.key.public_key().public_numbers()
        n, e = numbers.n.to_bytes(256), numbers.e.to_bytes(3)
        written = {"n": to_base64url(n).decode(), "e": to_base64url(e).decode()}
        return {"kty": "RSA", "alg": "PS256", "x5u": self.chain_url, **written}

    def sign(self, document: Mapping[str, Any], **header: Any) -> str:
        """A credential in the spelling of the houses."""
        head = {"alg": "PS256", "typ": "vc+ld+json+jwt", "cty": "vc+ld+json", "kid": self.kid, **header}
        signed = to_base64url(msgspec.json.encode(head)) + b"." + to_base64url(msgspec.json.encode(document))
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return (signed + b"." + to_base64url(self.key.sign(signed, scheme, hashes.SHA256()))).decode()

    def credential(self, name: str, subject: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """A document by this issuer."""
        return {
            "@context": [terms.V2, terms.GX],
            "id": f"https://{self.host}/{name}.json",
            "type": ["VerifiableCredential", str(subject["type"])],
            "issuer": self.did,
            "validFrom": write_date(NOW - 86_400_000_000),
            "validUntil": write_date(NOW + 86_400_000_000),
            "credentialSubject": subject,
            **more,
        }


class House:
    """The stub: what a registry and a notary answer. `roots` are names of roots that the registry knows."""

    def __init__(self, pki: Pki, web: dict[str, bytes]) -> None:
        self.notary, self.labeller = Foreign("notary.example", pki, web), Foreign("label.example", pki, web)
        self.knows, self.asked, self.status = True, list[tuple[str, Any]](), 200

    async def ask(self, url: str, body: bytes, media_type: str) -> tuple[int, bytes]:
        """See `catalog.descriptions.verifier.Asks`."""
        self.asked.append((url, msgspec.json.decode(body)))
        return (self.status if self.knows else 409), b"{}"


class Web:
    """`Fetch` over a dictionary."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages, self.asked = pages, list[str]()

    async def fetch(self, url: str, *, private: bool = False, limit: int = did.MAX_DOCUMENT) -> bytes:
        """See `certs.did.Fetch`."""
        self.asked.append(url)
        if url not in self.pages:
            raise ConnectionError(url)
        return self.pages[url]


class World:
    """A participant with three credentials, a house, a web."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.pki = Pki()
        self.house = House(self.pki, self.pages)
        self.firm = Foreign("firm.example", self.pki, self.pages)
        self.web = Web(self.pages)
        number, person = "https://notary.example/number.json#cs", "https://firm.example/person.json#cs"
        address = {"type": "gx:Address", "gx:countryCode": _PERSON["legal"]}
        self.documents = {
            "person": self.firm.credential(
                "person",
                {
                    "id": person,
                    "type": "gx:LegalPerson",
                    "gx:registrationNumber": {"id": number},
                    "gx:legalAddress": address,
                    "gx:headquartersAddress": address,
                },
            ),
            "number": self.house.notary.credential(
                "number", {"id": number, "type": "gx:VatID", "gx:vatID": _PERSON["number"]}
            ),
            "issuer": self.firm.credential(
                "issuer",
                {
                    "id": "https://firm.example/issuer.json#cs",
                    "type": "gx:Issuer",
                    "gx:gaiaxTermsAndConditions": TERMS_HASH,
                },
            ),
        }

    def tokens(self, **header: Any) -> list[str]:
        """The credentials, signed by their issuers."""
        return [
            (self.house.notary if name == "number" else self.firm).sign(document, **header)
            for name, document in self.documents.items()
        ]
