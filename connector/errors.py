"""What can go wrong, without HTTP: one tree, mapped to status codes in `connector.http.problems` alone.

    NodeError
      PeerError                    the other side, or a caller, did wrong
        UnauthenticatedError       no token, or one that does not verify
        RefusedError               known caller, not allowed
        UnknownError               no such thing, or not the caller's: the two are told apart in the audit only
        MessageError               a message that cannot be read or breaks the format
        TransitionError            a well-formed message that the state does not allow
        TooLargeError              beyond a limit
        TooOftenError              more calls than one peer may make; nothing was kept
      OurError                     this side cannot go on
        BusyError                  a queue is full; nothing was changed
        StoreError                 the store cannot answer for its content
        SourceError                a silo does not answer, or what it holds is gone
        DeliveryError              a peer could not be reached or did not understand
        InputError                 an operator's request or setting is wrong, with place and mend

Each carries a `Reason`: a code with parameters. The code is what tests, logs and audit use; sentences are made for the
reader. A reason that a peer may see never holds a local path or an exception's text.
"""

from __future__ import annotations

from policies.model import Reason


class NodeError(Exception):
    """Root. `reason` says why in a code with parameters."""

    def __init__(self, code: str, /, **params: str) -> None:
        self.reason = Reason(code, params)
        shown = ", ".join(f"{key}={value}" for key, value in params.items())
        super().__init__(f"{code} ({shown})" if shown else code)


class PeerError(NodeError):
    """The caller did wrong."""


class UnauthenticatedError(PeerError):
    """No token, or one that does not verify."""


class RefusedError(PeerError):
    """Known caller, refused."""


class UnknownError(PeerError):
    """No such thing, or not the caller's."""


class MessageError(PeerError):
    """A message that cannot be read or breaks the format. `place` is a JSON pointer where one is known."""


class TransitionError(PeerError):
    """A message or command that the state of the process does not allow."""


class TooLargeError(PeerError):
    """A request beyond a limit of size, depth or number."""


class TooOftenError(PeerError):
    """More calls than one peer may make; nothing of this one was kept. `seconds` says when there is room again."""


class OurError(NodeError):
    """This side cannot go on."""


class BusyError(OurError):
    """A queue is full; nothing was changed, try again later."""


class StoreError(OurError):
    """The store is locked, damaged, full or newer than this program."""


class DeliveryError(OurError):
    """A peer could not be reached, or answered something that is not an acknowledgement."""


class SourceError(OurError):
    """A silo does not answer, or what it holds is gone."""


class InputError(OurError):
    """An operator's request, file or setting is wrong."""
