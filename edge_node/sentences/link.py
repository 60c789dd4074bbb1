"""The network between a device and others: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "link.url": ("Diese Adresse kann niemand anrufen.", "Nobody can be called at this address."),
    "link.address": (
        "Die Adresse liegt in einem Netz, in das das Gerät nicht sprechen darf. Ist sie gewollt, muss der Knoten sie "
        "erlauben.",
        "The address is in a network that the device must not speak to. If that is intended, the node has to allow it.",
    ),
    "link.unreachable": ("Die Gegenseite ist nicht zu erreichen.", "The other side cannot be reached."),
    "link.disconnected": ("Die Gegenseite hat aufgelegt.", "The other side has hung up."),
    "link.tls": (
        "Dem Zertifikat der Gegenseite ist nicht zu trauen. Gehört es einer eigenen Stelle, nennt link.extra_ca sie.",
        "The certificate of the other side is not to be trusted. If an authority of one's own issued it, link.extra_ca "
        "names it.",
    ),
    "link.plain": (
        "Die Gegenseite spricht kein TLS. Stimmt ihre Adresse? Ein Knoten zum Ausprobieren heißt http://ADRESSE:PORT.",
        "The other side speaks no TLS. Is its address right? A node for trying things is called http://ADDRESS:PORT.",
    ),
    "link.timeout": ("Die Gegenseite antwortet nicht rechtzeitig.", "The other side does not answer in time."),
    "link.too_large": ("Die Antwort ist zu groß.", "The answer is too large."),
    "link.broken": ("Die Antwort ist unlesbar.", "The answer cannot be read."),
    "link.proxy": (
        "Der Proxy stellt keine Verbindung her (link.proxy).",
        "The proxy makes no connection (link.proxy).",
    ),
    "link.budget": (
        "Die Bytes dieses Tages sind verbraucht (link.bytes_per_day).",
        "The bytes of this day are used up (link.bytes_per_day).",
    ),
}
