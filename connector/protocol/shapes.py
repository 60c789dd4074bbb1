"""What the schemas say and a Struct cannot, and what only the text says.

What lives here: the shape of policies (ODRL as restricted by DSP 2025-1, contract schema), the guards of messages that
span fields, and the text-only rules. What does not: the meaning of a policy (`policies.parse`), types of single fields
(`messages`). Every refusal is a `MessageError` with a JSON pointer as `place`:

- `message.missing`: a required field is absent. `message.shape`: a value of the wrong kind.
- `message.exclusive`: of several fields exactly one has to be there.
- a code of `TEXT_RULES`: the schemas would let it pass.

Text-only rules bind everything that is sent. On reading, `AGREEMENT_TIME`, `OFFER_TARGET` and `MIXED` bind as well;
the others do not: the conformance kit of the protocol and deployed connectors use ids that are no URIs (offer `@id`,
process ids), write empty arrays, and some repeat the target inside a rule. Ids that come from elsewhere (targets,
offers, parties) are therefore not held to be URIs when they are sent back either; ids that this side draws are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from msgspec import UNSET, Struct, UnsetType

from connector.errors import MessageError
from connector.protocol.messages import (
    Catalog,
    ContractAgreementMessage,
    ContractNegotiation,
    ContractOfferMessage,
    ContractRequestMessage,
    DataService,
    Dataset,
    Distribution,
    JsonObject,
    SubCatalog,
    TransferProcess,
    TransferRequestMessage,
)
from policies.model import Operator

AGREEMENT_TIME: Final = "agreement.timestamp"
OFFER_TARGET: Final = "offer.target"
MIXED: Final = "constraint.mixed"
RULE_TARGET: Final = "rule.target"
EMPTY: Final = "policy.empty_array"
ID_URI: Final = "id.uri"

T = TypeVar("T")

TEXT_RULES: Final[Mapping[str, str]] = {
    AGREEMENT_TIME: "an agreement says when it was concluded, as xsd:dateTime",
    OFFER_TARGET: "an offer in a message names its target",
    MIXED: "a constraint is atomic or logical, never a bit of both",
    RULE_TARGET: "a rule has no target of its own",
    EMPTY: "no empty array is sent",
    ID_URI: "ids that this side draws are URIs",
}
"""What the text of DSP 2025-1 says and its schemas do not enforce, by the code of the refusal."""

OPERATORS: Final = frozenset({operator.value for operator in Operator} | {"term-lteq"})
"""Those of ODRL in use, and a slip in the schema's enumeration that `policies.parse` refuses by name."""

CONNECTIVES: Final = frozenset({"and", "andSequence", "or", "xone"})
_ATOMIC: Final = frozenset({"leftOperand", "operator", "rightOperand"})
_RIGHT: Final = frozenset({str, dict, list})
_TIME = re.compile(
    r"-?([1-9]\d{3,}|0\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"T(([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?|24:00:00(\.0+)?)(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))?",
    re.ASCII,
)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+", re.ASCII)


# --- policies ---------------------------------------------------------------------------------------------------------
# A check raises with a place that is relative to what it was given; each caller puts its own step before it.


def check_message_offer(offer: JsonObject) -> None:
    """An offer inside a message."""
    _policy(offer, "Offer")
    if "target" not in offer:
        raise MessageError(OFFER_TARGET, place="/target")
    _text(offer, "target")


def check_published_offer(offer: JsonObject) -> None:
    """An offer inside a catalogue: the dataset around it is the target, and it need not say what it is."""
    _policy(offer if "@type" in offer else {**offer, "@type": "Offer"}, "Offer")
    if "target" in offer:
        raise MessageError("message.shape", place="/target", expected="absent")


def check_agreement(agreement: JsonObject) -> None:
    """An agreement: target, both parties and the instant of its conclusion."""
    _policy(agreement, "Agreement")
    for key in ("target", "assigner", "assignee"):
        _text(agreement, key)
    if "timestamp" not in agreement:
        raise MessageError(AGREEMENT_TIME, place="/timestamp")
    _text(agreement, "timestamp")
    if not _TIME.fullmatch(agreement["timestamp"]):
        raise MessageError(AGREEMENT_TIME, place="/timestamp")


def _policy(policy: JsonObject, type_: str) -> None:
    _text(policy, "@id")
    if _required(policy, "@type") != type_:
        raise MessageError("message.shape", place="/@type", expected=type_)
    if "profile" in policy:
        _profile(policy["profile"])
    for key in ("permission", "prohibition", "obligation"):
        if key in policy:
            _each(policy, key, _rule, least=1)
    if "permission" not in policy and "prohibition" not in policy:
        raise MessageError("message.missing", place="/permission")


def _profile(profile: Any) -> None:
    members = profile if isinstance(profile, list) else [profile]
    if not all(isinstance(member, str) for member in members):
        raise MessageError("message.shape", place="/profile", expected="str | array of str")


def _rule(rule: JsonObject) -> None:
    _text(rule, "action")
    if "constraint" in rule:
        _each(rule, "constraint", _constraint)


def _constraint(constraint: JsonObject) -> None:
    if CONNECTIVES.isdisjoint(constraint):
        _atomic(constraint)
        return
    present = sorted(CONNECTIVES & constraint.keys())
    if not _ATOMIC.isdisjoint(constraint):
        raise MessageError(MIXED, place="")
    if len(present) > 1:
        raise MessageError("message.exclusive", place="", fields=" ".join(present))
    _each(constraint, present[0], _constraint)


def _atomic(constraint: JsonObject) -> None:
    left, operator, right = map(constraint.get, ("leftOperand", "operator", "rightOperand"))
    if left.__class__ is str and operator.__class__ is str and operator in OPERATORS and right.__class__ in _RIGHT:
        return
    _text(constraint, "leftOperand")
    _text(constraint, "operator")
    if operator not in OPERATORS:
        raise MessageError("message.shape", place="/operator", expected="operator")
    _required(constraint, "rightOperand")
    raise MessageError("message.shape", place="/rightOperand", expected="str | object | array")


def _each(holder: JsonObject, key: str, check: Callable[[JsonObject], None], *, least: int = 0) -> None:
    members = holder[key]
    if not isinstance(members, list):
        raise MessageError("message.shape", place=f"/{key}", expected="array")
    if len(members) < least:
        raise MessageError("message.shape", place=f"/{key}", expected=f"array of at least {least}")
    for index, member in enumerate(members):
        if not isinstance(member, dict):
            raise MessageError("message.shape", place=f"/{key}/{index}", expected="object")
        try:
            check(member)
        except MessageError as error:
            raise _below(f"/{key}/{index}", error) from None


def _at(place: str, check: Callable[[T], None], value: T) -> None:
    try:
        check(value)
    except MessageError as error:
        raise _below(place, error) from None


def _below(place: str, error: MessageError) -> MessageError:
    params = dict(error.reason.params)
    return MessageError(error.reason.code, **{**params, "place": place + params["place"]})


def _required(holder: JsonObject, key: str) -> Any:
    if key not in holder:
        raise MessageError("message.missing", place=f"/{key}")
    return holder[key]


def _text(holder: JsonObject, key: str) -> None:
    if not isinstance(_required(holder, key), str):
        raise MessageError("message.shape", place=f"/{key}", expected="str")


# --- messages ---------------------------------------------------------------------------------------------------------


def check(message: Struct) -> None:
    """The guards of a message whose single fields have the right types."""
    match message:
        case ContractRequestMessage(callbackAddress=callback, providerPid=pid):
            _exactly_one("callbackAddress", callback, "providerPid", pid)
            _at("/offer", check_message_offer, message.offer)
        case ContractOfferMessage(callbackAddress=callback, consumerPid=pid):
            _exactly_one("callbackAddress", callback, "consumerPid", pid)
            _at("/offer", check_message_offer, message.offer)
        case ContractAgreementMessage(agreement=agreement):
            _at("/agreement", check_agreement, agreement)
        case ContractNegotiation(state=state) | TransferProcess(state=state) if state is UNSET:
            raise MessageError("message.missing", place="/state")
        case Catalog() | SubCatalog():
            _catalog(message)
        case Dataset():
            _dataset(message)
        case _:
            pass


def _exactly_one(first: str, one: object, second: str, other: object) -> None:
    if (one is UNSET) == (other is UNSET):
        raise MessageError("message.exclusive", place="", fields=f"{first} {second}")


def _members(place: str, members: tuple[T, ...] | UnsetType, check: Callable[[T], None]) -> None:
    for index, member in enumerate(members or ()):
        _at(f"{place}/{index}", check, member)


def _catalog(catalog: Catalog | SubCatalog) -> None:
    _members("/dataset", catalog.dataset, _dataset)
    _members("/catalog", catalog.catalog, _catalog)
    _members("/service", catalog.service, _service)
    _members("/distribution", catalog.distribution, _distribution)


def _dataset(dataset: Dataset) -> None:
    _members("/hasPolicy", dataset.hasPolicy, check_published_offer)
    _members("/distribution", dataset.distribution, _distribution)


def _distribution(distribution: Distribution) -> None:
    _members("/hasPolicy", distribution.hasPolicy, check_published_offer)
    if isinstance(distribution.accessService, DataService):
        _at("/accessService", _service, distribution.accessService)


def _service(service: DataService) -> None:
    _members("/servesDataset", service.servesDataset, _dataset)


# --- what is sent -----------------------------------------------------------------------------------------------------


def check_sent(message: Struct) -> None:
    """The text-only rules that bind what is sent, beyond those of `check`."""
    match message:
        case ContractRequestMessage(consumerPid=own, callbackAddress=callback):
            _first_id("/consumerPid", own, callback)
            _at("/offer", _sent_policy, message.offer)
        case ContractOfferMessage(providerPid=own, callbackAddress=callback):
            _first_id("/providerPid", own, callback)
            _at("/offer", _sent_policy, message.offer)
        case TransferRequestMessage(consumerPid=own, callbackAddress=callback):
            _first_id("/consumerPid", own, callback)
        case ContractAgreementMessage(agreement=agreement):
            _uri("/agreement/@id", agreement["@id"])
            _at("/agreement", _sent_policy, agreement)
        case Catalog(id=id, participantId=participant):
            _uri("/@id", id)
            _uri("/participantId", participant)
            _members("/dataset", message.dataset, _sent_dataset)
        case Dataset():
            _sent_dataset(message)
        case _:
            pass


def _first_id(place: str, own: str, callback: object) -> None:
    """Only in a first message is it certain which of the ids is ours."""
    if callback is not UNSET:
        _uri(place, own)


def _uri(place: str, text: str) -> None:
    if not _URI.fullmatch(text):
        raise MessageError(ID_URI, place=place)


def _sent_dataset(dataset: Dataset) -> None:
    _members("/hasPolicy", dataset.hasPolicy, _sent_policy)


def _sent_policy(policy: JsonObject) -> None:
    _no_empty_array(policy)
    for key in ("permission", "prohibition", "obligation"):
        for index, rule in enumerate(policy.get(key, ())):
            if "target" in rule:
                raise MessageError(RULE_TARGET, place=f"/{key}/{index}/target")


def _no_empty_array(value: Any) -> None:
    if value == []:
        raise MessageError(EMPTY, place="")
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        if member.__class__ is dict or member.__class__ is list:
            _at(f"/{key}", _no_empty_array, member)
