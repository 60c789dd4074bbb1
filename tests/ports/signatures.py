"""What every Signatures must do. An adapter's test module subclasses `SignaturesContract` and gives the fixture."""

from __future__ import annotations

from typing import Protocol

import pytest

from connector.errors import UnauthenticatedError
from connector.ports import Caller, Identity, Signatures

URL = "https://here.example/dsp/negotiations/1/agreement"
BODY = b'{"@type":"ContractAgreementMessage"}'


class Both(Identity, Signatures, Protocol):
    """One adapter usually does both."""


class Pair(Protocol):
    """Two nodes that know each other, and a third that the first does not know."""

    here: Both
    here_id: str
    there: Both
    there_id: str
    stranger: Both


class SignaturesContract:
    """Fixture `pair` gives a `Pair`."""

    async def asked(self, pair: Pair) -> tuple[Caller, str]:
        """A caller whose token is proved, and the token."""
        token = await pair.there.token(pair.here_id)
        return await pair.here.verify(token), token

    async def test_what_is_signed_is_known_as_it_was_sent(self, pair: Pair) -> None:
        caller, token = await self.asked(pair)
        fields = pair.there.sign("POST", URL, token, BODY)
        found = await pair.here.check(caller, "POST", URL, {"authorization": token, "accept": "*/*", **fields}, BODY)
        assert (found.id, found.jti) == (caller.id, caller.jti)
        assert (found.sent.method, found.sent.url) == ("POST", URL)
        assert found.sent.fields == {"authorization": token, **fields}
        assert found.sent.signed

    async def test_a_request_without_a_body_is_signed_too(self, pair: Pair) -> None:
        caller, token = await self.asked(pair)
        fields = pair.there.sign("GET", URL, token, b"")
        assert (await pair.here.check(caller, "GET", URL, {"authorization": token, **fields}, b"")).sent.signed

    async def test_an_unsigned_request_is_taken_as_it_is(self, pair: Pair) -> None:
        caller, token = await self.asked(pair)
        found = await pair.here.check(caller, "POST", URL, {"authorization": token}, BODY)
        assert (found.sent.url, found.sent.signed, dict(found.sent.fields)) == (URL, 0, {})

    @pytest.mark.parametrize("changed", ["method", "url", "token", "body"])
    async def test_a_signature_is_for_one_request(self, pair: Pair, changed: str) -> None:
        caller, token = await self.asked(pair)
        sent = {"method": "POST", "url": URL, "token": token, "body": BODY}
        fields = pair.there.sign("POST", URL, token, BODY)
        other = {"method": "PUT", "url": URL + "x", "token": await pair.there.token(pair.here_id), "body": BODY + b" "}
        came = {**sent, changed: other[changed]}
        headers = {"authorization": str(came["token"]), **fields}
        with pytest.raises(UnauthenticatedError) as caught:
            await pair.here.check(caller, str(came["method"]), str(came["url"]), headers, bytes(came["body"]))  # type: ignore[arg-type]
        assert not caught.value.reason.params, "a code only: nothing of the request is repeated"

    async def test_nobody_signs_for_somebody_else(self, pair: Pair) -> None:
        caller, token = await self.asked(pair)
        for other in (pair.here, pair.stranger):
            with pytest.raises(UnauthenticatedError):
                headers = {"authorization": token, **other.sign("POST", URL, token, BODY)}
                await pair.here.check(caller, "POST", URL, headers, BODY)

    async def test_what_is_attested_is_signed_for_its_reader(self, pair: Pair) -> None:
        fields = pair.there.attest(pair.here_id, URL, BODY)
        caller = await pair.here.verify(fields["authorization"])
        assert (await pair.here.check(caller, "POST", URL, fields, BODY)).sent.signed
