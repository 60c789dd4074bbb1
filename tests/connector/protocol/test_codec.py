"""Covers `connector.protocol.codec`: official examples, agreement with the official schemas, what is written."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import MessageError
from connector.protocol import codec, lenient, messages, shapes
from connector.protocol.messages import CONTEXT
from tests.connector.protocol import oracle
from tests.connector.protocol.parties import AGREEMENT, OFFER
from tests.standards import DSP, examples, load, needs_standards

NO_MESSAGES = {"catalogservice-did-service.json", "dataservice-did-service.json"}
"""Entries of a DID document, which no message carries."""

NOT_WRITTEN_BACK = {"catalog-request-message.json"}
"""Has an empty `filter`; no empty array is ever written."""

MESSAGES = [path for path in examples() if path.name not in NO_MESSAGES]
BY_NAME = pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)


def code_of(body: bytes, kind: Any) -> tuple[str, str | None]:
    with pytest.raises(MessageError) as caught:
        codec.decode(body, kind)
    return caught.value.reason.code, caught.value.reason.params.get("place")


def text(document: Any) -> bytes:
    return json.dumps(document).encode()


# --- official files ---------------------------------------------------------------------------------------------------


@needs_standards
def test_every_example_is_known() -> None:
    assert {path.name for path in examples()} - NO_MESSAGES == {path.name for path in MESSAGES}
    assert len(MESSAGES) == 25
    assert all(oracle.kind_of(load(path)) for path in MESSAGES)


@needs_standards
@BY_NAME
def test_example_reads_and_round_trips(path: Path) -> None:
    document = load(path)
    kind = oracle.kind_of(document)
    assert oracle.accepts(document, kind)
    message = codec.decode(path.read_bytes(), kind)
    written = json.loads(codec.encode(message))
    if path.name in NOT_WRITTEN_BACK:
        document = {key: value for key, value in document.items() if value != []}
    assert written == document
    assert codec.decode(text(written), kind) == (message if path.name not in NOT_WRITTEN_BACK else kind())


@needs_standards
@BY_NAME
def test_the_lenient_reader_leaves_examples_alone(path: Path) -> None:
    document = load(path)
    if path.name not in NOT_WRITTEN_BACK:
        assert lenient.normalised(document, oracle.kind_of(document).__name__) == document


@needs_standards
def test_terms_are_those_of_the_official_contexts() -> None:
    own = {term: lenient.PREFIXES[prefix] + term for prefix, terms in lenient.TERMS.items() for term in terms.split()}
    # `dataset` is dcat: in a catalogue and dspace: in a request; the last three stand in no official context.
    aside = {"dataset", "servesDataset", "title", "description"}
    official: dict[str, set[str]] = {}
    for name in ("dspace", "odrl"):
        collect(load(DSP / "context" / f"{name}.jsonld")["@context"], official)
    for term, iri in own.items():
        if term not in aside:
            assert official[term] == {iri}, term
    assert official["dataset"] == {lenient.PREFIXES["dcat"] + "dataset", lenient.PREFIXES["dspace"] + "dataset"}


def collect(context: dict[str, Any], found: dict[str, set[str]]) -> None:
    for term, meaning in context.items():
        id = meaning.get("@id") if isinstance(meaning, dict) else meaning
        if isinstance(id, str) and ":" in id and not term.startswith("@"):
            prefix, _, tail = id.partition(":")
            found.setdefault(term, set()).add(lenient.PREFIXES.get(prefix, prefix + ":") + tail)
        if isinstance(meaning, dict) and isinstance(meaning.get("@context"), dict):
            collect(meaning["@context"], found)


# --- agreement with the schemas ---------------------------------------------------------------------------------------

BEYOND = frozenset({"@id", "@type", "title", "description"})
"""Keys that we read beside the schemas (the `@id` of a message, the `@type` of a dataset): retyping one is refused."""

VALUES = st.sampled_from(
    [None, True, 0, 1.5, "", "x", "use", "eq", "Offer", "REQUESTED", [], ["x"], {}, {"@id": "x"}, [{}], [[]]]
)
WORDS = """
    @context @id @type providerPid consumerPid callbackAddress offer agreement target assigner assignee timestamp state
    eventType code reason permission prohibition obligation profile action constraint and or xone andSequence
    leftOperand operator rightOperand dataset hasPolicy distribution format accessService endpointURL servesDataset
    service catalog participantId filter dataAddress endpointType endpoint endpointProperties name value agreementId
    protocolVersions version path binding auth protocol unknown
"""
KEYS = st.sampled_from(WORDS.split())


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, the root first."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, member in members for place in places(member, (*here, key)))]


def at(document: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        document = document[step]
    return document


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Any, Any]:
    """An official example with one to three things removed, renamed, retyped, copied or added."""
    document = copy.deepcopy(load(draw(st.sampled_from(MESSAGES))))
    kind = oracle.kind_of(document)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(document)))
        holder, key = (at(document, place[:-1]), place[-1]) if place else (None, None)
        match draw(st.sampled_from(["remove", "rename", "retype", "add", "graft"])):
            case "remove" if holder is not None:
                del holder[key]
            case "rename" if isinstance(holder, dict):
                holder[draw(KEYS)] = holder.pop(key)
            case "retype" if holder is not None:
                holder[key] = copy.deepcopy(draw(VALUES))
            case "add" if isinstance(at(document, place), dict):
                at(document, place)[draw(KEYS)] = copy.deepcopy(draw(VALUES))
            case "graft" if holder is not None:
                holder[key] = copy.deepcopy(at(document, draw(st.sampled_from(places(document)))))
            case _:
                pass
    return document, kind


def refused(act: Callable[[], Any]) -> MessageError | None:
    """The refusal, None where there is none; any other exception goes through."""
    try:
        act()
    except MessageError as error:
        return error
    return None


def beyond_schemas(error: MessageError) -> bool:
    """A refusal that only the text, or our reading beside the schemas, explains."""
    tail = error.reason.params.get("place", "").rsplit("/", 1)[-1]
    return error.reason.code in shapes.TEXT_RULES or (error.reason.code == "message.shape" and tail in BEYOND)


@needs_standards
@settings(max_examples=1500, deadline=None)
@given(mutated())
def test_strict_reading_agrees_with_the_official_schemas(case: tuple[Any, Any]) -> None:
    document, kind = case
    refusal = refused(lambda: codec.strict(document, kind))
    if refusal is None:
        assert oracle.accepts(document, kind), "we accept what the schema refuses"
    elif not beyond_schemas(refusal):
        assert not oracle.accepts(document, kind), refusal


@needs_standards
@settings(max_examples=500, deadline=None)
@given(mutated())
def test_what_is_read_leniently_is_written_as_the_schemas_want_it(case: tuple[Any, Any]) -> None:
    document, kind = case
    written: list[bytes] = []
    if refused(lambda: written.append(codec.encode(codec.decode(text(document), kind)))) is None:
        assert oracle.accepts(json.loads(written[0]), kind)


# --- text-only rules --------------------------------------------------------------------------------------------------


def request(offer: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": [CONTEXT],
        "@type": "ContractRequestMessage",
        "consumerPid": "urn:x:1",
        "callbackAddress": "https://c.example",
        "offer": offer,
    }


def agreed(agreement: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": [CONTEXT],
        "@type": "ContractAgreementMessage",
        "consumerPid": "c",
        "providerPid": "p",
        "agreement": agreement,
    }


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


BOTH = {"and": [{"leftOperand": "a", "operator": "eq", "rightOperand": "b"}], "leftOperand": "a"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (agreed(without(AGREEMENT, "timestamp")), shapes.AGREEMENT_TIME),
        (agreed({**AGREEMENT, "timestamp": "yesterday"}), shapes.AGREEMENT_TIME),
        (agreed({**AGREEMENT, "timestamp": "x2026-01-01T00:00:00Z"}), shapes.AGREEMENT_TIME),
        (agreed(without(AGREEMENT, "assignee")), "message.missing"),
        (request(without(OFFER, "target")), shapes.OFFER_TARGET),
        (request({**OFFER, "permission": [{"action": "use", "constraint": [BOTH]}]}), shapes.MIXED),
    ],
)
def test_text_rules_of_reading(document: dict[str, Any], code: str) -> None:
    kind = getattr(messages, document["@type"])
    assert code_of(text(document), kind)[0] == code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (
            messages.ContractAgreementMessage(providerPid="p", consumerPid="c", agreement=AGREEMENT | {"@id": "bare"}),
            shapes.ID_URI,
        ),
        (messages.ContractRequestMessage(consumerPid="bare", offer=OFFER, callbackAddress="https://c"), shapes.ID_URI),
        (
            messages.ContractRequestMessage(
                consumerPid="urn:x:1",
                providerPid="p",
                offer=OFFER | {"permission": [{"action": "use", "target": "urn:x:2"}]},
            ),
            shapes.RULE_TARGET,
        ),
        (
            messages.ContractRequestMessage(
                consumerPid="c", providerPid="p", offer=OFFER | {"permission": [{"action": "use", "constraint": []}]}
            ),
            shapes.EMPTY,
        ),
        (messages.ContractRequestMessage(consumerPid="urn:x:1", offer=OFFER), "message.exclusive"),
        (messages.ContractNegotiation(providerPid="p", consumerPid="c"), "message.missing"),
        (messages.Catalog(id="urn:x:1", participantId="somebody"), shapes.ID_URI),
    ],
)  # fmt: skip
def test_what_is_never_sent(message: Any, code: str) -> None:
    with pytest.raises(MessageError) as caught:
        codec.encode(message)
    assert caught.value.reason.code == code


def test_every_text_rule_is_tested() -> None:
    source = Path(__file__).read_text()
    names = {name for name, value in vars(shapes).items() if name.isupper() and value in list(shapes.TEXT_RULES)}
    assert len(names) == len(shapes.TEXT_RULES)
    assert {name for name in names if f"shapes.{name}" not in source} == set()


# --- bytes, digests, repeats ------------------------------------------------------------------------------------------


def test_written_with_the_context_of_the_protocol_alone() -> None:
    message = messages.CatalogError(context=(CONTEXT, "https://other.example"), code="x", reason=())
    assert json.loads(codec.encode(message)) == {"@context": [CONTEXT], "@type": "CatalogError", "code": "x"}


def test_unknown_keys_of_policies_are_kept() -> None:
    rule = {"action": "use", "remedy": [{"action": "x"}], "odrl:refinement": {"y": 1}}
    message = codec.decode(text(request(OFFER | {"permission": [rule], "zz": 1})), messages.ContractRequestMessage)
    assert message.offer["permission"] == [rule]
    assert message.offer["zz"] == 1


def test_agreement_is_handed_out_as_received() -> None:
    raw = {"odrl:permission": {"odrl:action": "odrl:use"}, **without(AGREEMENT, "permission")}
    body = text(without(agreed({}), "agreement") | {"dspace:agreement": raw})
    assert codec.agreement_of(body) == raw
    assert codec.decode(body, messages.ContractAgreementMessage).agreement["permission"] == [{"action": "use"}]
    with pytest.raises(MessageError):
        codec.agreement_of(b"{}")


def test_digest_is_canonical() -> None:
    assert codec.digest({"b": 1, "a": "ä"}) == codec.digest({"a": "ä", "b": 1.0})
    assert codec.digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    with pytest.raises(MessageError):
        codec.digest({"a": 2**70})


def test_repeat_keys_differ_in_every_part() -> None:
    keys = {
        codec.repeat_key(*parts) for parts in (("a", "b", b"c"), ("ab", "", b"c"), ("a", "bc", b""), ("a", "b", b"d"))
    }
    assert len(keys) == 4
    assert codec.repeat_key("a", "b", b"c") in keys


def test_replies_may_be_poor() -> None:
    kind = messages.TransferProcess
    assert codec.decode_reply(b" \n", kind) is None
    reply = codec.decode_reply(b'{"providerPid":"p","consumerPid":"c"}', kind)
    assert reply == kind(providerPid="p", consumerPid="c")
    assert code_of(text(json.loads(text({"providerPid": "p"}))), kind)[0] == "message.type"
    with pytest.raises(MessageError):
        codec.decode_reply(b"<html>", kind)


def test_a_union_is_told_apart_by_its_type() -> None:
    body = text({"@context": CONTEXT, "@type": "dspace:TransferStartMessage", "providerPid": "p", "consumerPid": "c"})
    kind: Any = messages.TransferMessage
    assert isinstance(codec.decode(body, kind), messages.TransferStartMessage)
    other: Any = messages.NegotiationMessage
    assert code_of(body, other) == ("message.type", "/@type")


def test_places_are_json_pointers_without_values() -> None:
    secret = "s3cret"
    offer = OFFER | {
        "permission": [{"action": "use", "constraint": [{"leftOperand": "a", "operator": secret, "rightOperand": "b"}]}]
    }
    assert code_of(text(request(offer)), messages.ContractRequestMessage) == (
        "message.shape",
        "/offer/permission/0/constraint/0/operator",
    )
    event = {"@context": [CONTEXT], "@type": "ContractNegotiationEventMessage", "providerPid": "p", "consumerPid": "c"}
    kind = messages.ContractNegotiationEventMessage
    with pytest.raises(MessageError) as caught:
        codec.decode(text(event | {"eventType": secret}), kind)
    assert secret not in str(caught.value)
    assert caught.value.reason.params["place"] == "/eventType"
    assert code_of(text(event), kind) == ("message.missing", "/eventType")
