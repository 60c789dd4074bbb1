"""Evidence of a contract: everything that proves it, in one file that can be checked without us.

What lives here: gathering it. What does not: the form of the container and how it is checked (`certs.verifier`, which
goes into the file too), the page for people (`evidence_page`), signing messages (`connector.identity`).
Sources: RFC 9421 (what is in `messages/`), RFC 9162 (`audit/`), C2SP signed-note (`manifest.txt`).

A bundle proves how a contract was concluded. It holds audit entries of that time, and with them the names of the people
here who had a part in it.
"""

from __future__ import annotations

import asyncio
import inspect
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from certs import checkpoint, did, jwk, tree, verifier
from certs.handover import Both
from certs.keys import NodeKeys
from certs.words import fingerprint
from connector.errors import InputError
from connector.ports import Clock, Reading, Store, Transaction
from connector.protocol import codec
from connector.protocol.negotiation import Negotiation
from connector.records import (
    Agreement,
    Asset,
    Entry,
    Handover,
    Head,
    Logged,
    Participant,
    PolicyVersion,
    PublishedOffer,
    SeenDocument,
    Signed,
)
from connector.sentences import Language
from connector.sentences import evidence as words
from connector.services.proof import evidence_page as page
from connector.services.proof.correspondence import AGREEMENT, Signers, letters, parties, signers
from connector.services.proof.heads import audit_keys
from connector.services.trust.handover import about, subject
from policies import explain, parse
from policies.model import PolicyError, PolicyKind

PAGE = 256
"""Audit entries that are looked at before others have their turn."""
MARGIN = 1_000_000
"""Microseconds before and after a negotiation in which entries about it are looked for."""
MOST_ENTRIES = 2_000


class Bundle(Struct, frozen=True):
    """A bundle, and who of the two sides it proves to have signed."""

    body: bytes
    signers: Signers


class _Case(Struct, frozen=True, kw_only=True):
    """What the store holds about a contract."""

    contract: Agreement
    negotiation: Negotiation
    letters: Sequence[Signed]
    documents: Sequence[SeenDocument]
    latest: Mapping[str, str]
    """By DID, the document for messages of which it is not kept which one was seen then."""
    peer: Participant | None
    statements: Sequence[str]
    succession: Sequence[str]
    title: str
    template: PolicyVersion | None
    signers: Signers


class Evidence:
    """Writes bundles. `name` is our DID, `own` has the key that signs tree heads; `document` gives our own DID
    document as it is served."""

    def __init__(self, *, store: Store, clock: Clock, name: str, own: NodeKeys, document: Callable[[], bytes]) -> None:
        self._store, self._clock = store, clock
        self._name, self._own, self._document = name, own, document

    async def signed(self, contracts: Sequence[Agreement]) -> list[Signers]:
        """Whose signatures under each of these contracts are kept here."""
        return await self._store.read(lambda view: [signers(view, one) for one in contracts])

    async def write(self, operator: str, id: str, language: Language) -> Bundle:
        """The evidence of the contract `id`, its page in `language`. It stands in the audit that it was written.

        Raises `InputError` where there is no such contract, or its negotiation is not kept any more.
        """
        case = await self._store.read(lambda view: self._case(view, id))
        entry = Entry(event="evidence.written", actor=operator, params={"agreement": id, "peer": case.contract.peer})

        def note(tx: Transaction) -> None:
            tx.record(entry)

        await self._store.write(note)
        at = self._clock.now()
        # Setting a page takes some 40 ms: nobody else has to wait for that.
        readings = await asyncio.to_thread(self._readings, case, at, language)
        files = {**readings, **_messages(case), **_documents(case), **self._statements(case)}
        files |= await self._log(case)
        files["verify.py"] = inspect.getsource(verifier).encode()
        files[verifier.MANIFEST] = self._manifest(files)
        return Bundle(verifier.pack(files), case.signers)

    # --- what the store holds -----------------------------------------------------------------------------------------

    def _case(self, view: Reading, id: str) -> _Case:
        contract = view.get(Agreement, id)
        negotiation = None if contract is None else view.get(Negotiation, contract.negotiation)
        if contract is None or negotiation is None:
            raise InputError("agreement.unknown", id=id)
        asset, peer = view.get(Asset, contract.dataset), view.get(Participant, contract.named or contract.peer)
        kept = self._letters(view, contract)
        body = self._document()
        own = SeenDocument(id=sha256(body).hexdigest(), did=self._name, body=body, at=0)
        theirs = None if peer is None else view.get(SeenDocument, peer.document) or _of_pins(peer, self._name)
        latest = [own] if theirs is None else [own, theirs]
        seen = [view.get(SeenDocument, id) for id in {one.document for one in kept} - {"", *(one.id for one in latest)}]
        return _Case(
            contract=contract,
            negotiation=negotiation,
            letters=kept,
            documents=(*(one for one in seen if one is not None), *latest),
            latest={one.did: one.id for one in latest},
            peer=peer,
            statements=about(view, subject(contract.named or contract.peer)),
            succession=_succession(view, contract),
            title="" if asset is None else asset.title,
            template=_template(view, negotiation),
            signers=signers(view, contract),
        )

    def _letters(self, view: Reading, contract: Agreement) -> Sequence[Signed]:
        """The messages as they are kept; of the agreement at least the bytes, signed or not."""
        kept = letters(view, contract.negotiation)
        if any(one.kind == AGREEMENT and one.body == contract.message for one in kept):
            return kept
        bare = Signed(
            id=f"{contract.negotiation}#0",
            process=contract.negotiation,
            sender=parties(contract, self._name)[0],
            kind=AGREEMENT,
            method="POST",
            url="",
            headers={},
            body=contract.message,
            document="",
            at=contract.concluded,
        )
        return [*kept, bare]

    # --- the parts ----------------------------------------------------------------------------------------------------

    def _readings(self, case: _Case, at: int, language: Language) -> dict[str, bytes]:
        """What people read, and the facts that a program does."""
        contract = case.contract
        provider, consumer = parties(contract, self._name)
        terms = {lang: _sentences(contract, lang) for lang in ("de", "en")}
        template = _template_facts(case.template)
        about = {
            "form": verifier.FORM,
            "agreement": contract.id,
            "hash": contract.hash,
            "provider": provider,
            "consumer": consumer,
            "exporter": self._name,
            "dataset": contract.document.get("target", contract.dataset),
            "providerPid": case.negotiation.provider_pid,
            "consumerPid": case.negotiation.consumer_pid,
            "concluded": contract.concluded,
            "written": at,
            "template": template,
        }
        sheet = page.Sheet(
            provider=page.Party(provider, self._words(case, provider)),
            consumer=page.Party(consumer, self._words(case, consumer)),
            exporter=self._name,
            agreement=contract.id,
            hash=contract.hash,
            dataset=contract.dataset,
            title=case.title,
            template="{name} (SHA-256 {sha256})".format_map(template) if template else "",
            concluded=contract.concluded,
            written=at,
            terms=terms[language],
            letters=tuple(page.Row(one.kind, one.sender, one.at, bool(one.headers)) for one in case.letters),
            signed=(case.signers.provider, case.signers.consumer),
        )
        return {
            "README.txt": words.README.format(exporter=self._name, agreement=contract.id).encode(),
            "contract.pdf": page.drawn(sheet, language),
            "terms.de.txt": _text(terms["de"], sheet, "de"),
            "terms.en.txt": _text(terms["en"], sheet, "en"),
            verifier.CONTRACT: msgspec.json.format(msgspec.json.encode(about), indent=2),
        }

    def _statements(self, case: _Case) -> dict[str, bytes]:
        """By which statements the keys of both sides follow each other."""
        told = (*self._own.ring.statements, *case.statements)
        files = {f"keys/{number:03d}.jws": one.encode() for number, one in enumerate(told, 1)}
        return files | {f"succession/{number:03d}.jws": one.encode() for number, one in enumerate(case.succession, 1)}

    def _words(self, case: _Case, party: str) -> str:
        """The fingerprint of a party's keys, as in the newest of its documents that is kept."""
        for one in reversed(case.documents):
            if one.did == party:
                try:
                    return fingerprint(jwk.thumbprint(key) for key in did.read(one.body, party).pinned().values())
                except did.DidError:
                    return ""
        return case.peer.words if case.peer is not None and case.peer.id == party else ""

    def _manifest(self, files: Mapping[str, bytes]) -> bytes:
        """The list of contents as a signed note. INVARIANT: its first line is no log's name, so no head of a log is
        ever signed by it, nor it by one."""
        listed = [f"{sha256(content).hexdigest()} {len(content)} {name}" for name, content in files.items()]
        text = "\n".join((verifier.FORM, self._name, *listed)) + "\n"
        return checkpoint.note(text, self._name, self._own.head_public, self._own.sign_head).encode()

    # --- the log ------------------------------------------------------------------------------------------------------

    async def _log(self, case: _Case) -> dict[str, bytes]:
        """Entries about the negotiation with proofs under our newest head; the peer's head as it was shown to us."""
        found = await self._entries(case.negotiation)

        def act(view: Reading) -> dict[str, bytes]:
            head = view.head()
            assert head is not None  # INVARIANT: an entry was written before this
            proved = [_proved(view, one, head.size) for one in found if one.index < head.size]
            files = {verifier.ENTRIES: msgspec.json.encode(proved), verifier.HEAD: head.note.encode()}
            theirs = view.get(Head, case.contract.peer)
            if theirs is not None and case.peer is not None and _signed_by(theirs, case.peer):
                files[verifier.PEER_HEAD] = theirs.note.encode()
            return files

        return await self._store.read(act)

    async def _entries(self, negotiation: Negotiation) -> list[Logged]:
        """The audit entries of the time of a negotiation that name it."""
        named, until = negotiation.id.encode(), negotiation.updated + MARGIN
        after = await self._store.read(lambda view: _before(view, negotiation.created - MARGIN))
        found: list[Logged] = []
        while len(found) < MOST_ENTRIES:
            entries = await self._store.read(lambda view: view.log(after=after, limit=PAGE))  # noqa: B023
            found += [one for one in entries if named in one.body]
            if not entries or entries[-1].at > until:
                break
            after = entries[-1].index
            await asyncio.sleep(0)
        return found


def _succession(view: Reading, contract: Agreement) -> Sequence[str]:
    """By which words the other side of a contract goes on under another DID; none where it does not."""
    known = view.get(Handover, contract.named) if contract.named else None
    if known is None:
        return ()
    both = msgspec.json.decode(known.statement, type=Both)
    return (both.leaving, both.taking)


def _before(view: Reading, at: int) -> int:
    """The index of an entry before the instant `at`, -1 where none is: entries stand in the order of time."""
    head = view.head()
    low, high = -1, 0 if head is None else head.size - 1
    while low < high:
        middle = (low + high + 1) // 2
        (entry,) = view.log(after=middle - 1, limit=1)
        if entry.at < at:
            low = middle
        else:
            high = middle - 1
    return low


def _proved(view: Reading, one: Logged, size: int) -> Mapping[str, Any]:
    return {
        "index": one.index,
        "salt": b64encode(one.salt).decode(),
        "body": one.body.decode(),
        "proof": [b64encode(each).decode() for each in tree.inclusion_proof(view.node, one.index, size)],
    }


def _messages(case: _Case) -> dict[str, bytes]:
    """The messages with the fields that their signatures cover."""
    files: dict[str, bytes] = {}
    for number, one in enumerate(case.letters, 1):
        told = {
            "kind": one.kind,
            "sender": one.sender,
            "method": one.method,
            "url": one.url,
            "headers": one.headers,
            "document": one.document or case.latest.get(one.sender, ""),
            "at": one.at,
        }
        files[f"messages/{number:03d}.json"] = msgspec.json.format(msgspec.json.encode(told), indent=2)
        files[f"messages/{number:03d}.body"] = one.body
    return files


def _of_pins(peer: Participant, exporter: str) -> SeenDocument:
    """A document of the keys that are pinned of a peer that was added when documents were not kept yet."""
    ids = list(peer.keys)
    methods = [{"id": id, "type": "JsonWebKey2020", "controller": peer.id, "publicKeyJwk": peer.keys[id]} for id in ids]
    body = msgspec.json.encode(
        {
            "id": peer.id,
            "verificationMethod": methods,
            "capabilityInvocation": list(peer.tokens),
            "assertionMethod": ids,
            "note": f"Made by {exporter} of the keys that it has pinned; the document itself was not kept.",
        }
    )
    return SeenDocument(id=sha256(body).hexdigest(), did=peer.id, body=body, at=peer.added)


def _signed_by(head: Head, peer: Participant) -> bool:
    """Is a kept head signed with the key that is pinned now? One from before a change of keys proves nothing here."""
    try:
        return bool(checkpoint.opened_any(head.note, peer.id, audit_keys(peer), checkpoint.ed25519))
    except checkpoint.CheckpointError:
        return False


def _documents(case: _Case) -> dict[str, bytes]:
    return {f"documents/{one.id}.json": one.body for one in case.documents}


def _template(view: Reading, negotiation: Negotiation) -> PolicyVersion | None:
    """The version of our own policy that the terms were published under; None where they are the peer's."""
    terms = negotiation.terms or {}
    offer = view.get(PublishedOffer, str(terms.get("@id", "")))
    return None if offer is None else view.get(PolicyVersion, offer.policy)


def _template_facts(template: PolicyVersion | None) -> Mapping[str, str] | None:
    return None if template is None else {"name": template.id, "sha256": codec.digest(template.document)}


def _sentences(contract: Agreement, language: str) -> tuple[str, ...]:
    """The terms clause by clause. What is not understood here is told by its code: the agreement itself is binding."""
    try:
        return tuple(explain.policy(parse.from_dsp(contract.document, PolicyKind.AGREEMENT), language))
    except PolicyError as error:
        return (error.reason.code,)


def _text(terms: Sequence[str], sheet: page.Sheet, language: Language) -> bytes:
    """The terms as a text file."""
    heads = page.heads(sheet, language)
    lines = [f"{name}: {value}" for name, value in heads]
    return "\n".join((*map(_line, lines), "", *map(_line, terms), "")).encode()


def _line(text: str) -> str:
    """Words of the other side are among these: none of them begins a line."""
    return "".join(one if one.isprintable() else " " for one in text)
