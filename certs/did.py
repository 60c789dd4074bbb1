"""did:web identifiers and their documents: made for this node, read strictly from others.

What lives here: did:web <-> URL (did:web Method Specification, 2.5.2), the document of a node, reading that of a peer
(DID Core 1.0; DCP 1.0.1, Base Protocol: message tokens are signed by a key listed under `capabilityInvocation`), and
`Fetch`, through which a document is had. What does not: sockets, and whether a document is to be believed.

Two rules are narrower than the method's: no percent-encoding but that of the port's colon, because a decoded `@`, `/`
or `?` would change the host or the path; and no IP addresses except loopback, which only laboratories use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from certs import jwk
from certs.jwk import Jwk, JwkError
from certs.strict import StrictError, read_object

CONTEXT = ("https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1")
NOTICES = "AllmendeNotices"
"""Type of the service at which a node takes notices about contracts (an extension of ours)."""
CHANGES = "AllmendeKeys"
"""Type of the service at which a node shows the statements by which its keys follow each other (`handover`)."""
DEVICES = "edge"
"""The segment below a node's DID, and below its root URL, under which its devices are."""
DSP_CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"
MAX_DOCUMENT = 65_536
"""Bytes of a document; a longer one is refused."""
MAX_METHODS = 64
MAX_ENDPOINT = 2_048
RELATIONS = ("capabilityInvocation", "assertionMethod", "authentication")
"""Who may sign message tokens, what a party says, and the showing of credentials, in this order."""

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_LOOPBACK = re.compile(r"127(?:\.(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])){3}", re.ASCII)
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]{1,256}", re.ASCII)
_KINDS = ("JsonWebKey", "JsonWebKey2020")
_DEFAULT_PORT = {"https": 443, "http": 80}


class DidError(Exception):
    """An identifier or a document that must not be used. `code` says why; `params` name what."""

    def __init__(self, code: str, /, **params: str) -> None:
        super().__init__(f"{code} {params}")
        self.code = code
        self.params = params


class Fetch(Protocol):
    """Gets a document over HTTPS, guarded: no redirects, addresses checked, bounded time and size."""

    async def fetch(self, url: str, *, private: bool = False, limit: int = MAX_DOCUMENT) -> bytes:
        """The body of a 200. Every other outcome raises the fetcher's own error. `private` allows private addresses."""


class Document(Struct, frozen=True, kw_only=True):
    """What is used of a peer's document. `keys` are those that are understood here, by DID URL.

    `tokens` are the ids of those that may sign message tokens (`capabilityInvocation`), `assertions` of those that may
    sign what it says (`assertionMethod`: credentials, tree heads), `presenters` of those that may show credentials
    (`authentication`). `methods` is how many verification methods it has of whatever kind: a token that names no key is
    for a document with one (DCP 1.0.1, Base Protocol). `services` are its endpoints by type, the first of each;
    `notices` is where it takes notices, "" for nowhere; `at` when the document was had (microseconds UTC), 0 where that
    is not known.
    """

    id: str
    keys: Mapping[str, Jwk]
    tokens: tuple[str, ...]
    assertions: tuple[str, ...] = ()
    presenters: tuple[str, ...] = ()
    methods: int = 0
    services: Mapping[str, str] = {}
    notices: str = ""
    body: bytes = b""
    at: int = 0

    def pinned(self) -> dict[str, Jwk]:
        """The keys that a peer is known by: those for message tokens, and for what it asserts."""
        wanted = {*self.tokens, *self.assertions}
        return {id: key for id, key in self.keys.items() if id in wanted}


# --- identifier <-> URL -----------------------------------------------------------------------------------------------


def root(url: str) -> str:
    """A node's root URL in its one spelling: no trailing slash, lower-case host, no default port.

    Raises `DidError` `url.form`: another scheme than http or https, user, query, fragment, foreign characters, a host
    that is neither a name nor loopback.
    """
    try:
        parts = urlsplit(url.rstrip("/"))
        port = parts.port
    except ValueError as error:
        raise DidError("url.form") from error
    host = parts.hostname or ""
    rest = f"{host}{'' if port is None else f':{port}'}"
    if parts.scheme not in _DEFAULT_PORT or parts.netloc.lower() != rest or parts.query or parts.fragment:
        raise DidError("url.form")
    if not _is_host(host) or port == 0 or not all(_SEGMENT.fullmatch(part) for part in _path(parts.path)):
        raise DidError("url.form")
    default = port is None or port == _DEFAULT_PORT[parts.scheme]
    return f"{parts.scheme}://{host}{'' if default else f':{port}'}{parts.path}"


def _path(path: str) -> list[str]:
    """Segments of a path that is empty or begins with a slash."""
    return path.split("/")[1:]


def _is_host(host: str) -> bool:
    """A DNS name in ASCII, or a loopback address; no other number that a resolver would take for an address."""
    if _NUMERIC.fullmatch(host):
        return _LOOPBACK.fullmatch(host) is not None
    return len(host) <= 253 and _HOST.fullmatch(host) is not None


def of_url(url: str) -> str:
    """The did:web of a node with this root URL. Raises `DidError`."""
    rest = root(url).split("://", 1)[1]
    host, _, path = rest.partition("/")
    return "did:web:" + host.replace(":", "%3A") + (":" + path.replace("/", ":") if path else "")


def to_url(did: str, scheme: str = "https") -> str:
    """The root URL of a did:web. Raises `DidError` `did.form`, also for every other method."""
    method, _, rest = did.partition("did:web:")
    host, *path = rest.split(":")
    name, separator, port = host.partition("%3A")
    if method or not _is_host(name) or not all(_SEGMENT.fullmatch(part) for part in path):
        raise DidError("did.form")
    if separator and (not _PORT.fullmatch(port) or int(port) > 65_535):
        raise DidError("did.form")
    return "/".join((f"{scheme}://{name}{':' + port if separator else ''}", *path))


def of_device(node: str, name: str) -> str:
    """The DID of a device of the node with this DID, which serves its document (`device_document`)."""
    return f"{node}:{DEVICES}:{name}"


def document_url(url: str) -> str:
    """Where the document of the node with this root URL is (did:web, 2.5.2: `.well-known` where it has no path)."""
    spelled = root(url)
    return spelled + ("/did.json" if "/" in spelled.split("://", 1)[1] else "/.well-known/did.json")


# --- this node's document ---------------------------------------------------------------------------------------------


def token_key(did: str) -> str:
    """The id of a node's key for message tokens."""
    return did + "#token"


def audit_key(did: str) -> str:
    """The id of a node's key for tree heads."""
    return did + "#audit"


class Service(Struct, frozen=True):
    """An endpoint of this node in its document: the fragment of its id, its type, its URL."""

    fragment: str
    type: str
    endpoint: str


def document(url: str, base: str, keys: Mapping[str, Jwk], services: Sequence[Service] = ()) -> dict[str, Any]:
    """The document of a node at root `url` with its DSP endpoints below `base`.

    `keys` are its public keys by the fragment of their ids. What is called `token` or `token-2` may sign message
    tokens, show credentials and assert; every other key may only assert. Service entries as DSP 2025-1 wants them: a
    CatalogService whose endpoint ends in `/catalog`, a DataService whose endpoint is the version document; where this
    node takes notices, and says how its keys have changed; then `services`.
    """
    did = of_url(url)
    spelled = root(url)
    tokens = [f"{did}#{name}" for name in keys if name.partition("-")[0] == "token"]
    own = [
        Service("catalog", "CatalogService", base.rstrip("/") + "/catalog"),
        Service("dsp", "DataService", spelled + "/.well-known/dspace-version"),
        Service("notices", NOTICES, spelled + "/notices"),
        Service("keys", CHANGES, spelled + "/keys"),
    ]
    return {
        "@context": [*CONTEXT, DSP_CONTEXT],
        "id": did,
        "verificationMethod": [_method(did, f"{did}#{name}", key) for name, key in keys.items()],
        "authentication": tokens,
        "capabilityInvocation": tokens,
        "assertionMethod": [f"{did}#{name}" for name in keys],
        "service": [_service(f"{did}#{one.fragment}", one.type, one.endpoint) for one in (*own, *services)],
    }


def device_document(node: str, name: str, keys: Sequence[Jwk], description: str) -> dict[str, Any]:
    """The document of a device of the node with this DID. `keys` are all it ever had, in their order: it asserts with
    them, and says nothing else; a description of it is at the URL `description`."""
    did = of_device(node, name)
    ids = [f"{did}#key-{number}" for number in range(1, len(keys) + 1)]
    return {
        "@context": list(CONTEXT),
        "id": did,
        "verificationMethod": [_method(did, id, key) for id, key in zip(ids, keys, strict=True)],
        "assertionMethod": ids,
        "service": [_service(f"{did}#description", "AllmendeDevice", description)],
    }


def _method(did: str, id: str, key: Jwk) -> dict[str, Any]:
    return {"id": id, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": key}


def _service(id: str, type: str, endpoint: str) -> dict[str, Any]:
    # Without a context of its own: that of the document holds, and readers in the field know these three members only.
    return {"id": id, "type": type, "serviceEndpoint": endpoint}


# --- a peer's document ------------------------------------------------------------------------------------------------


async def resolve(fetch: Fetch, url: str, *, private: bool = False) -> Document:
    """The document of the node with root `url`, which must be about the did:web of just that URL.

    Raises `DidError`, and whatever `fetch` raises.
    """
    body = await fetch.fetch(document_url(url), private=private, limit=MAX_DOCUMENT)
    found = replace(read(body, of_url(url)), body=body)
    # What lies elsewhere is not the node that an operator has looked at.
    return found if found.notices.startswith(root(url) + "/") else replace(found, notices="")


def read(body: bytes, did: str, *, speaks: bool = True) -> Document:
    """A document as had from the network, about `did`, who sends messages unless `speaks` is False.

    Keys of kinds that are not understood here are left out: they can prove nothing. Raises `DidError`:
    `did.document` (too large, not JSON, a name twice, a part of another shape), `did.other` (about somebody else),
    `did.method` (an id twice, foreign controller), `did.key` (a key that must not be used), `did.no_key` (none is left
    that may sign message tokens, or none at all).
    """
    if len(body) > MAX_DOCUMENT:
        raise DidError("did.document", why="size")
    try:
        found = read_object(body)
    except StrictError as error:
        raise DidError("did.document", why="json") from error
    if found.get("id") != did:
        raise DidError("did.other", id=str(found.get("id"))[:256])
    methods = _methods(found, did)
    related = {relation: _related(found, did, relation) for relation in RELATIONS}
    keys = _keys(methods, {id for ids in related.values() for id in ids})
    tokens, assertions, presenters = (tuple(id for id in related[name] if id in keys) for name in RELATIONS)
    if not (tokens if speaks else keys):
        raise DidError("did.no_key", id=did)
    services = _services(found)
    return Document(
        id=did,
        keys=keys,
        tokens=tokens,
        assertions=assertions,
        presenters=presenters,
        methods=len(methods),
        services=services,
        notices=services.get(NOTICES, ""),
    )


def _services(found: Mapping[str, Any]) -> dict[str, str]:
    """The endpoint of the first service of each type. One that is written in another form is none that is used here."""
    listed = found.get("service")
    services: dict[str, str] = {}
    for service in listed[:MAX_METHODS] if isinstance(listed, list) else ():
        if not isinstance(service, dict):
            continue
        endpoint, kinds = service.get("serviceEndpoint"), service.get("type")
        for kind in kinds[:MAX_METHODS] if isinstance(kinds, list) else [kinds]:
            if isinstance(endpoint, str) and len(endpoint) <= MAX_ENDPOINT and isinstance(kind, str):
                services.setdefault(kind[:256], endpoint)
    return services


def _methods(found: Mapping[str, Any], did: str) -> dict[str, Mapping[str, Any]]:
    """Every verification method by its full id, whether listed or written inside a relationship."""
    embedded = [item for relation in RELATIONS for item in _list(found, relation) if isinstance(item, dict)]
    methods: dict[str, Mapping[str, Any]] = {}
    for method in [*_list(found, "verificationMethod"), *embedded]:
        id = _full(method.get("id"), did) if isinstance(method, dict) else None
        if id is None or id in methods or method.get("controller") != did:
            raise DidError("did.method", id=str(id))
        methods[id] = method
    return methods


def _list(found: Mapping[str, Any], name: str) -> Sequence[Any]:
    """A member that is an array of bounded length, or absent."""
    value = found.get(name, [])
    if not isinstance(value, list) or len(value) > MAX_METHODS:
        raise DidError("did.document", why=name)
    return value


def _full(id: object, did: str) -> str | None:
    """The absolute DID URL of a method of this document; None for anything else (DID Core, 3.2.2)."""
    if not isinstance(id, str) or not 1 < len(id) <= 1024:
        return None
    full = did + id if id.startswith("#") else id
    return full if full.startswith(did + "#") else None


def _related(found: Mapping[str, Any], did: str, relation: str) -> list[str]:
    """Ids that stand in a verification relationship, each once, in order; those of other documents are left out."""
    items = (item.get("id") if isinstance(item, dict) else item for item in _list(found, relation))
    return list(dict.fromkeys(full for item in items if (full := _full(item, did)) is not None))


def _keys(methods: Mapping[str, Mapping[str, Any]], wanted: set[str]) -> dict[str, Jwk]:
    """Public keys of the methods wanted, reduced to what defines them and checked."""
    keys: dict[str, Jwk] = {}
    for id, method in methods.items():
        key = method.get("publicKeyJwk")
        if id in wanted and method.get("type") in _KINDS and isinstance(key, dict) and jwk.usable(key):
            try:
                keys[id] = jwk.write(jwk.read(key).key)
            except JwkError as error:
                raise DidError("did.key", id=id, why=error.code) from error
    return keys
