"""Covers catalog/descriptions/verifier.py: the ten steps, one wrong thing at a time; row X5 of the hostile cases."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from catalog.descriptions import verifier
from catalog.descriptions.verifier import STEPS, Verified, Verifier, believing
from catalog.rdf import contexts
from catalog.rdf.worker import Read, WorkerError
from certs import jwk, status, vcdm
from tests.catalog.descriptions.house import NOW, Pki, World


async def _read(body: bytes) -> Read:
    """Without a process; its own tests show that the worker reads the same."""
    try:
        return msgspec.convert(msgspec.to_builtins(contexts.read(msgspec.json.decode(body))), Read)
    except contexts.ContextError as error:
        raise WorkerError(error.code, error.what) from error


async def verified(world: World, tokens: list[str] | None = None, **given: Any) -> Verified:
    """What comes of it, with a house that knows its people."""
    own = {
        "notaries": frozenset({world.house.notary.did}),
        "labellers": frozenset({world.house.labeller.did}),
        **given.pop("house", {}),
    }
    lists = given.pop("lists", None)
    made = Verifier(
        fetch=world.web,
        read=_read,
        believe=believing(given.pop("roots", [world.pki.root]), world.pki.lists() if lists is None else lists),
        house=verifier.House(**own),
        asks=world.house if own.get("registry") else None,
        **given,
    )
    return await made.verify(world.tokens() if tokens is None else tokens, NOW)


def failed(found: Verified) -> set[tuple[int, str]]:
    """Number and code of what was not passed."""
    return {(one.number, one.reason.code) for one in found.steps if one.passed is False and one.reason is not None}


async def test_a_foreign_participant_is_verified_in_ten_steps() -> None:
    found = await verified(World())
    assert failed(found) == set()
    assert found.holds
    assert not found.regional
    assert {one.number for one in found.steps} == set(range(1, 11))
    assert {one.name for one in found.steps if one.passed is None} == {"status", "label"}
    assert [one.name for one in found.steps if one.about == ""] == list(STEPS[7:])


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "vc+jwt", "cty": "vc"},
        {"typ": "vc+ld+json+jwt", "cty": "vc+ld+json"},
        {"typ": "vc+ld+jwt", "cty": "vc+ld", "iat": NOW // 1000, "exp": NOW // 1000 + 1000},
    ],
)
async def test_the_three_spellings_of_headers_are_read(header: dict[str, Any]) -> None:
    assert (await verified(World(), World().tokens()[:0])).holds is False
    world = World()
    assert (await verified(world, world.tokens(**header))).holds


def _changed(change: Callable[[World], Any]) -> World:
    world = World()
    change(world)
    world.firm.publish()
    return world


def _method(world: World) -> dict[str, Any]:
    return world.firm.document["verificationMethod"][0]


WRONG: dict[str, tuple[Callable[[World], Any], set[tuple[int, str]]]] = {
    "another document": (lambda w: w.firm.document.update(id="did:web:b.example"), {(3, "did.other")}),
    "no assertion": (lambda w: w.firm.document.update(assertionMethod=[]), {(3, "verify.assertion")}),
    "another controller": (lambda w: _method(w).update(controller="did:web:b.example"), {(3, "verify.assertion")}),
    "the key twice": (lambda w: w.firm.document["verificationMethod"].append(_method(w)), {(3, "verify.assertion")}),
    "no algorithm": (lambda w: _method(w)["publicKeyJwk"].pop("alg"), {(3, "did.key")}),
    "another algorithm": (lambda w: _method(w)["publicKeyJwk"].update(alg="RS256"), {(4, "credential.algorithm")}),
    "no chain": (lambda w: _method(w)["publicKeyJwk"].pop("x5u"), {(5, "verify.no_chain")}),
    "no answer": (lambda w: w.pages.pop(w.firm.chain_url), {(5, "verify.unreachable")}),
    "no certificate": (lambda w: w.pages.update({w.firm.chain_url: b"<html>"}), {(5, "certificate.form")}),
    "an expired one": (lambda w: w.firm.serve(w.pki.certificate(w.firm.key, days=-1)), {(5, "certificate.expired")}),
    "over": (
        lambda w: w.documents["person"].update(validFrom="2025-01-01T00:00:00Z", validUntil="2026-01-02T00:00:00Z"),
        {(6, "credential.expired")},
    ),
    "early": (
        lambda w: w.documents["person"].update(validFrom="2030-01-01T00:00:00Z", validUntil="2031-01-01T00:00:00Z"),
        {(6, "credential.early")},
    ),
    "a property too many": (
        lambda w: w.documents["person"]["credentialSubject"].update({"gx:surprise": "x"}),
        {(8, "description.unknown")},
    ),
    "no headquarters": (
        lambda w: w.documents["person"]["credentialSubject"].pop("gx:headquartersAddress"),
        {(8, "description.missing")},
    ),
    "a meaning of its own": (
        lambda w: w.documents["person"]["credentialSubject"].update({"@context": {"gx": "https://x.example/#"}}),
        {(8, "jsonld.inline")},
    ),
    "another context": (
        lambda w: w.documents["person"]["@context"].append("https://evil.example/"),
        {(1, "credential.context"), (10, "verify.number")},
    ),
    "no number": (
        lambda w: w.documents.pop("number"),
        {(8, "description.value"), (10, "verify.number")},
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_each_wrong_thing_fails_its_step_and_no_other(wrong: str) -> None:
    change, expected = WRONG[wrong]
    found = await verified(_changed(change))
    assert not found.holds
    if wrong == "another context":
        assert (1, "credential.context") in failed(found)
    else:
        assert failed(found) == expected


async def test_the_signature_is_of_the_key_that_is_published() -> None:
    world = World()
    world.firm.key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    found = await verified(world)
    assert failed(found) == {(4, "credential.signature")}


@pytest.mark.parametrize("case", ["another key", "another root", "revoked", "no list", "stale list"])
async def test_x5_the_chain_is_of_just_this_key_trusted_and_not_revoked(case: str) -> None:
    world = World()
    given: dict[str, Any] = {}
    if case == "another key":
        world.firm.serve(world.pki.certificate(ec.generate_private_key(ec.SECP256R1())))
    elif case == "another root":
        given["roots"] = [Pki().root]
    elif case == "revoked":
        world.pki.revoked.append(world.firm.leaf.serial_number)
    elif case == "no list":
        given["lists"] = {}
    else:
        given["lists"] = {name: msgspec.structs.replace(one, until=NOW) for name, one in world.pki.lists().items()}
    found = await verified(world, **given)
    codes = {
        "another key": "verify.chain_key",
        "another root": "certificate.untrusted",
        "revoked": "certificate.revoked",
        "no list": "revocation.missing",
        "stale list": "revocation.stale",
    }
    assert failed(found) == {(5, codes[case])}


async def test_a_registry_may_vouch_for_a_root_and_takes_away_no_check() -> None:
    registry = {"registry": "https://registry.example/v2"}
    world = World()
    assert (await verified(world, roots=[Pki().root], house=registry)).holds
    assert world.house.asked[0] == (
        "https://registry.example/v2/api/trustAnchor/chain/file",
        {"uri": world.firm.chain_url},
    )
    world.pki.revoked.append(world.firm.leaf.serial_number)
    assert failed(await verified(world, house=registry)) == {(5, "certificate.revoked")}
    world.house.knows = False
    assert failed(await verified(World(), house={})) == set()
    assert failed(await verified(world, house=registry)) == {(5, "verify.root")}
    world.house.knows, world.house.status = True, 500
    assert failed(await verified(world, house=registry)) == {(5, "verify.registry")}


async def test_a_number_counts_from_a_notary_or_openly_from_a_region() -> None:
    world = World()
    found = await verified(world, house={"notaries": frozenset()})
    assert failed(found) == {(10, "verify.notary")}
    kept = frozenset({jwk.read_foreign(world.house.notary.jwk()).thumbprint})
    regions = {world.house.notary.did: kept}
    found = await verified(world, house={"notaries": frozenset()}, regions=lambda: regions)
    assert failed(found) == {(10, "verify.notary")}
    world.documents["number"]["evidence"] = [{"type": "urn:allmende:RegionalAttestation"}]
    found = await verified(world, house={"notaries": frozenset()}, regions=lambda: regions)
    assert found.holds
    assert found.regional
    other = {world.house.notary.did: frozenset({"another"})}
    found = await verified(world, house={"notaries": frozenset()}, regions=lambda: other)
    assert failed(found) == {(5, "verify.region_key")}


def _label(world: World, tokens: list[str], **wrong: str) -> str:
    first = world.documents["person"]
    digest = "sha256-" + b64encode(sha256(tokens[0].encode()).digest()).decode()
    listed = {"type": "gx:CompliantCredential", "gx:credentialType": "gx:LegalPerson"}
    label = {
        "id": "https://label.example/label.json#cs",
        "type": "gx:LabelCredential",
        "gx:labelLevel": "SC",
        "gx:rulesVersion": "CD25.10",
        "gx:engineVersion": "2.12.0",
        "gx:validatedCriteria": ["https://w3id.org/gaia-x/specs/cd25.03/criterion/P1.1.1"],
        "gx:compliantCredentials": [{"id": first["id"] + "", "digestSRI": digest, **listed, **wrong}],
    }
    return world.house.labeller.sign(world.house.labeller.credential("label", label))


async def test_a_label_counts_from_whom_it_may_come_and_for_what_is_shown() -> None:
    world = World()
    tokens = world.tokens()
    assert (await verified(world, [*tokens, _label(world, tokens)])).holds
    found = await verified(world, [*tokens, _label(world, tokens)], house={"labellers": frozenset()})
    assert failed(found) == {(9, "verify.labeller")}
    found = await verified(world, [*tokens, _label(world, tokens, digestSRI="sha256-x")])
    assert failed(found) == {(9, "verify.label_digest")}


async def test_a_status_list_of_the_issuer_is_asked() -> None:
    world = World()
    key = ec.generate_private_key(ec.SECP256R1())
    kid = world.firm.did + "#list"
    method = {
        "id": kid,
        "type": "JsonWebKey",
        "controller": world.firm.did,
        "publicKeyJwk": jwk.write(key.public_key()),
    }
    world.firm.document["verificationMethod"].append(method)
    world.firm.document["assertionMethod"].append(kid)
    world.firm.publish()
    url, bits = "https://firm.example/status/1", status.Bits()

    def publish() -> None:
        world.pages[url] = status.list_credential(
            key,
            kid,
            issuer=world.firm.did,
            url=url,
            purpose="revocation",
            bits=bits,
            begins=NOW - 1_000_000,
            ends=NOW + 1_000_000_000,
        ).encode()

    entry = vcdm.write_status(status.entry(vcdm.VC20, "revocation", 42, url))
    world.documents["person"]["credentialStatus"] = entry
    assert failed(await verified(world)) == {(7, "verify.unreachable")}
    publish()
    found = await verified(world)
    assert found.holds
    assert True in {one.passed for one in found.steps if one.number == 7}
    bits.set(42)
    publish()
    assert failed(await verified(world)) == {(7, "credential.revoked")}


async def test_nothing_and_too_much_are_not_good() -> None:
    assert not (await verified(World(), [])).holds
    assert failed(await verified(World(), ["x"] * 65)) == {(1, "verify.many")}
    assert not (await verified(World(), ["nonsense", "a.b.c"])).holds
