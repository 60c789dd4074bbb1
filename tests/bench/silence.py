"""A client that throws away what it gets, so that the server is what is measured: in the kernel where it can (plain
HTTP: MSG_TRUNC of recv(2)), by reading where it has to (TLS). Runs as a process of its own: `silence URL AUTHORIZATION
[CA]`, then one number of pulls a line on standard input; answers with the bytes that came."""

from __future__ import annotations

import re
import socket
import ssl
import sys
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)
_AT_ONCE = 1 << 20


def pull(url: str, authorization: str, authority: str) -> int:
    """The bytes of one answer's body, on a connection of its own. Raises `RuntimeError` for an answer that is none."""
    parts = urlsplit(url)
    opened = socket.create_connection((parts.hostname, parts.port), timeout=120)
    plain = parts.scheme == "http"
    channel = opened if plain else _encrypted(opened, parts.hostname or "", authority)
    with channel:
        lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: {authorization}"]
        channel.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            piece = channel.recv(1024)
            if not piece:
                raise RuntimeError(f"the server closed the connection: {head[:400]!r}")
            head += piece
        head, _, begun = head.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(head[:400].decode("latin-1"))
        got = len(begun) + _rest(channel, plain)
        if length is not None and got != int(length[1]):
            raise RuntimeError(f"{got} of {int(length[1])} bytes came")
        return got


def _rest(channel: socket.socket, plain: bool) -> int:
    got, into = 0, bytearray(_AT_ONCE)
    while True:
        count = channel.recv_into(into, _AT_ONCE, socket.MSG_TRUNC) if plain else channel.recv_into(into)
        if not count:
            return got
        got += count


def _encrypted(opened: socket.socket, host: str, authority: str) -> socket.socket:
    context = ssl.create_default_context(cafile=authority)
    return context.wrap_socket(opened, server_hostname=host)


def main() -> None:
    """Answer each number with the bytes of that many pulls."""
    url, authorization, *authority = sys.argv[1:]
    for line in sys.stdin:
        print(sum(pull(url, authorization, *(authority or [""])) for _ in range(int(line))), flush=True)


if __name__ == "__main__":
    main()
