"""What a device refuses, as codes with parameters. Sentences for people are in `edge_node.sentences`."""

from __future__ import annotations


class EdgeError(Exception):
    """`code` says what is wrong, `params` where and how."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


class SettingsError(EdgeError):
    """Settings that cannot be followed; `params["place"]` is where in the file."""


class DecodeError(EdgeError):
    """Bytes that are no reading."""


class FullError(EdgeError):
    """There is no room, and the owner has said to refuse rather than to forget."""


class DutyError(FullError):
    """Duties at collection that cannot be followed: nothing of the series is stored until they can. For whoever gives
    readings it is as if there were no room: come again."""


class KeepingError(EdgeError):
    """Readings that cannot be kept or read back."""


class LinkError(EdgeError):
    """Nobody answers, or not as agreed. `seconds`: not before they are over."""

    def __init__(self, code: str, seconds: int = 0, **params: str) -> None:
        super().__init__(code, **params)
        self.seconds = seconds


class WithheldError(EdgeError):
    """Readings that may not go to somebody now."""


class EnrolmentError(EdgeError):
    """There is no place at a node, or none to be had."""


class OrderError(EdgeError):
    """What the node told cannot be followed: not signed by it, older than what is known, or not understood."""


class PackageError(EdgeError):
    """An installation or an update that is not done; what was there is as it was."""
