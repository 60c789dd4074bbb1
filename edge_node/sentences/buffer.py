"""What is wrong with what a device keeps: German, English."""

from __future__ import annotations

from policies.saying import Both

TEMPLATES: dict[str, Both] = {
    "buffer.full": (
        "Der Speicher für Messwerte ist voll, und es soll nichts vergessen werden: Es wird nichts mehr angenommen.",
        "There is no room for readings any more, and nothing is to be forgotten: none are taken.",
    ),
    "buffer.disk": (
        "Auf den Datenträger kann nicht geschrieben werden.",
        "The disk cannot be written to.",
    ),
    "buffer.index": (
        "Das Verzeichnis der Messwerte (index.sqlite) kann nicht geschrieben werden.",
        "The index of the readings (index.sqlite) cannot be written.",
    ),
    "buffer.number": (
        "Die Messwerte schließen nicht an die letzten an.",
        "The readings do not follow the last ones.",
    ),
    "buffer.seal": (
        "Was gespeichert ist, trägt nicht das Siegel dieses Geräts.",
        "What is kept does not bear the seal of this device.",
    ),
    "buffer.key": (
        "Was gespeichert wird, soll verschlüsselt sein ([buffer] encrypt), aber der Schlüssel fehlt: Es braucht das "
        "Credential buffer.key aus 32 Bytes (systemd-creds, LoadCredentialEncrypted=).",
        "What is kept is to be encrypted ([buffer] encrypt), but the key is not there: it takes the credential "
        "buffer.key of 32 bytes (systemd-creds, LoadCredentialEncrypted=).",
    ),
    "buffer.locked": (
        "Was gespeichert ist, wurde mit einem anderen Schlüssel verschlüsselt (Credential buffer.key). Es bleibt "
        "liegen; ohne den alten Schlüssel beginnt das Gerät erst neu, wenn der Ordner spool beiseitegelegt ist.",
        "What is kept was encrypted with another key (credential buffer.key). It stays; without the old key the device "
        "begins anew only when the folder spool has been put aside.",
    ),
    "buffer.closed": (
        "Der Speicher für Messwerte ist geschlossen.",
        "The store of readings is closed.",
    ),
}
