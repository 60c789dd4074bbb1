"""Renewal of access tokens: `POST {public URL}/tokens/{pid}`, a form, with a JWT that proves whose transfer it is.

What lives here: reading the request, the answer in OAuth's form, who may renew what. What does not: which generation
follows which (`data.tokens`), who is calling (`ports.Proofs`), the consumer's side (`data.consuming.renewing`).
Source: Data Plane Signaling Profiles, Token Renewal (Client Authentication, Provider Request Validation); RFC 6749,
sections 5 and 6; RFC 6750, section 3.

The JWT's `token` names the access token that the refresh token belongs to: it may have ended, but it must have been
made here for this transfer, in the same generation. Each JWT is good once. A caller that is proved stands in the audit,
whether it gets what it wants or not.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

import msgspec
import structlog

from connector.data import tokens
from connector.data.address import RENEWAL
from connector.data.tokens import SECOND, Generation, Pair, Tokens
from connector.errors import MessageError, NodeError, RefusedError, TooOftenError, UnauthenticatedError, UnknownError
from connector.http.exchange import JSON, Request, Response
from connector.http.publications import Publications
from connector.ports import Caller, Clock, Proofs, Reading, Store, Transaction
from connector.protocol.machine import Role
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Entry, Participant
from connector.services.intake import admit

log = structlog.get_logger()
_HEADERS: Final = {"content-type": JSON, "cache-control": "no-store", "pragma": "no-cache"}
_MOST = 16


def _whose(view: Reading, pid: str) -> str:
    """Whose the tokens of a transfer are. Raises `RefusedError` where there is none, or it is over."""
    transfer = view.get(Transfer, pid)
    if transfer is None or transfer.role is not Role.PROVIDER:
        raise RefusedError("transfer.unknown")
    if TRANSFER.is_terminal(transfer.state) or transfer.ending is not None:
        raise RefusedError("transfer.state", state=transfer.state or "-")
    return transfer.peer


class Renewal:
    """The endpoint. Flows that somebody else has started are transfers here too."""

    def __init__(self, *, made: Tokens, proofs: Proofs, store: Store, clock: Clock) -> None:
        self._tokens, self._proofs, self._store, self._clock = made, proofs, store, clock

    def enter(self, publications: Publications) -> None:
        """Answer under `/tokens`."""
        publications.add("POST", f"{RENEWAL}/{{pid}}", self.answer)

    async def answer(self, request: Request, values: tuple[str, ...]) -> Response:
        """Answer one request. Raises `OurError` where this node cannot."""
        try:
            caller = await self._proofs.bare(request.headers.get("authorization"))
        except TooOftenError:
            raise
        except NodeError as error:
            log.info("renewal.unauthenticated", code=error.reason.code)
            return _error(401, "invalid_client")
        try:
            pair = await self._renew(caller, values[0], _form(request))
        except MessageError as error:
            return _error(400, error.reason.params.get("error", "invalid_request"))
        except UnauthenticatedError as error:
            log.info("renewal.unauthenticated", code=error.reason.code)
            return _error(401, "invalid_client")
        except (RefusedError, UnknownError):
            return _error(400, "invalid_grant")
        left = max(0, pair.expires - self._clock.now()) // SECOND
        body = {"access_token": pair.access, "token_type": "Bearer", "expires_in": left, "refresh_token": pair.refresh}
        return Response(200, _HEADERS, msgspec.json.encode(body))

    async def _renew(self, caller: Caller, pid: str, refresh: str) -> Pair:
        """The next pair, in one transaction with the audit. A refusal is audited and has changed nothing else."""

        def act(tx: Transaction) -> Pair | NodeError:
            admit(tx, caller)
            try:
                generation = self._renewable(tx, caller, pid, refresh)
                following, ending = tokens.renew(
                    tx, pid, generation, now=self._clock.now(), ending=self._tokens.ending()
                )
            except (RefusedError, UnauthenticatedError) as error:
                params = {"transfer": pid[:200], "reason": error.reason.code}
                tx.record(Entry(event="token.not_renewed", actor=caller.id, params=params))
                return RefusedError(error.reason.code, **error.reason.params)
            params = {"transfer": pid, "generation": f"{following.start}.{following.renewal}"}
            tx.record(Entry(event="token.renewed", actor=caller.id, params=params))
            return self._tokens.pair(pid, following, ending)

        done = await self._store.write(act)
        if isinstance(done, NodeError):
            raise done
        return done

    def _renewable(self, view: Reading, caller: Caller, pid: str, refresh: str) -> Generation:
        """The generation to renew. Raises `RefusedError`, `UnauthenticatedError` where this caller may not."""
        # INVARIANT: a refresh token is bound to the consumer of its transfer (Sender-Constrained Refresh Tokens).
        if caller.id != _whose(view, pid):
            raise RefusedError("transfer.unknown")
        peer = view.get(Participant, caller.id)
        if peer is not None and (barred := peer.barred(self._clock.now())) is not None:
            raise RefusedError(barred.code, **barred.params)
        generation = self._tokens.refreshing(refresh, pid)
        if not caller.grant or self._tokens.generation(caller.grant, pid)[0] != generation:
            raise RefusedError("token.unknown")
        return generation


def _form(request: Request) -> str:
    """The refresh token of a request; in its body, or where the profile's example has it.

    Raises `MessageError` whose `error` is OAuth's word for what is wrong (RFC 6749, 5.2)."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        body = request.body.decode("ascii") if media == "application/x-www-form-urlencoded" else ""
        said = parse_qsl(body or request.query, max_num_fields=_MOST)
    except ValueError:
        raise MessageError("token.form", error="invalid_request") from None
    form = dict(said)
    if len(form) != len(said) or not form.get("refresh_token") or "grant_type" not in form:
        raise MessageError("token.form", error="invalid_request")
    if form["grant_type"] != "refresh_token":
        raise MessageError("token.form", error="unsupported_grant_type")
    return form["refresh_token"]


def _error(status: int, code: str) -> Response:
    headers = {**_HEADERS, "www-authenticate": 'Bearer error="invalid_token"'} if status == 401 else _HEADERS
    return Response(status, headers, msgspec.json.encode({"error": code}))
