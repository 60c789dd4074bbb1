"""A Gaia-X clearing house asked about ourselves: its notary for the registration number, its compliance service for a
label (GXDCH, second version).

What lives here: what is asked for, and judging the answers before they are published. What does not: the calls
(`connector.http.clearing`), what others may ask of one (`catalog.descriptions.verifier`). A municipality without a
number in a register that notaries know needs none of this: its region attests instead
(`connector.services.region.comply`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import quote, urlencode

from catalog.descriptions.description import REGISTRATION, Register
from catalog.descriptions.verifier import Verifier
from certs.credentials import Credential
from connector.errors import InputError
from connector.ports import Clock
from connector.services.trust.descriptions import LABEL, VP, Descriptions

LEVELS: Final = ("standard-compliance", "label-level-1", "label-level-2", "label-level-3")
_REGISTERS: Final[Mapping[Register, str]] = {
    Register.VAT: "vat-id",
    Register.LEI: "lei-code",
    Register.EORI: "eori",
    Register.EUID: "euid",
    Register.TAX: "tax-id",
}


class Calls(Protocol):
    """The two calls. Each raises `DeliveryError` where no answer is had."""

    async def get(self, url: str) -> tuple[int, bytes]:
        """Status and body of the answer to a GET."""

    async def ask(self, url: str, body: bytes, media_type: str) -> tuple[int, bytes]:
        """Status and body of the answer to a POST."""


class ClearingHouse:
    """`notary` and `compliance` are root URLs, "" where there is none; `believed` are the DIDs whose answers count."""

    def __init__(
        self,
        *,
        clock: Clock,
        calls: Calls,
        descriptions: Descriptions,
        make: Callable[[], Verifier],
        notary: str = "",
        compliance: str = "",
        believed: frozenset[str] = frozenset(),
    ) -> None:
        self._clock, self._calls, self._descriptions, self._make = clock, calls, descriptions, make
        self._notary, self._compliance, self._believed = notary.rstrip("/"), compliance.rstrip("/"), believed

    async def number(self, operator: str) -> None:
        """Have our registration number attested, and publish that.

        Raises `InputError`: `clearing.no_notary`, `clearing.register` (a register that notaries do not know),
        `clearing.answer`, `clearing.refused`, `description.not_published`; `DeliveryError`.
        """
        party = (await self._descriptions.check()).party
        kind = _REGISTERS.get(party.register)
        if not self._notary:
            raise InputError("clearing.no_notary")
        if kind is None or not party.number:
            raise InputError("clearing.register", register=party.register)
        url, subject = self._descriptions.names(REGISTRATION)
        query = urlencode({"vcId": url, "subjectId": subject})
        answer = await self._calls.get(
            f"{self._notary}/v2/registration-numbers/{kind}/{quote(party.number, safe='')}?{query}"
        )
        await self._descriptions.attach(operator, REGISTRATION, await self._judged(answer, 200, subject))

    async def label(self, operator: str, level: str) -> None:
        """Have what we publish about us judged, and publish the label. Raises `InputError`: `clearing.no_compliance`,
        `clearing.level`, and as `number`."""
        if not self._compliance:
            raise InputError("clearing.no_compliance")
        if level not in LEVELS:
            raise InputError("clearing.level", level=level[:64], known=", ".join(LEVELS))
        url, _ = self._descriptions.names(LABEL)
        shown = await self._descriptions.presented()
        answer = await self._calls.ask(
            f"{self._compliance}/v2/api/credential-offers/{level}?{urlencode({'vcid': url})}", shown.body, VP
        )
        await self._descriptions.attach(operator, LABEL, await self._judged(answer, 201, ""))

    async def _judged(self, answer: tuple[int, bytes], wanted: int, subject: str) -> Credential:
        """The credential in an answer: by somebody who is believed, whole, good now, and about what was asked."""
        status, body = answer
        if status != wanted:
            raise InputError("clearing.answer", status=str(status))
        found = await self._make().verify([body.decode("ascii", "replace").strip()], self._clock.now())
        wrong = next((step for step in found.steps if step.number < 8 and step.passed is False), None)
        if wrong is not None or not found.credentials:
            raise InputError("clearing.refused", why="" if wrong is None or wrong.reason is None else wrong.reason.code)
        credential = found.credentials[0]
        if credential.issuer not in self._believed:
            raise InputError("clearing.refused", why="verify.notary")
        if subject and credential.subject != subject:
            raise InputError("clearing.refused", why="credential.subject")
        return credential
