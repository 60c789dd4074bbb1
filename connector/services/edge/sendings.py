"""Which transfers a device delivers under: noted when a consumer asks for readings, forgotten when it is over.

What lives here: that note, in the transactions of the transfer. What does not: transfers (`services.transfers`), what
the device is told of them (`data.readings.ordering`).
"""

from __future__ import annotations

from connector.ports import Reading, Transaction
from connector.protocol.transfer import TRANSFER, Transfer
from connector.records import Asset, Sending
from connector.services.formats import DEVICES


def asset_of(view: Reading, dataset: str) -> Asset | None:
    """The asset of a dataset where a device delivers it."""
    found = view.get(Asset, dataset)
    return found if found is not None and found.kind == DEVICES else None


def begun(tx: Transaction, process: Transfer) -> None:
    """A consumer has asked for readings to be delivered to it. Nothing is noted of what no device delivers: such a
    transfer does not start."""
    asset = asset_of(tx, process.dataset)
    if asset is not None:
        device, series = str(asset.settings["device"]), str(asset.settings["series"])
        tx.put(Sending(id=process.id, device=device, series=series))


def followed(tx: Transaction, process: Transfer) -> None:
    """A transfer has moved: where it has ended nothing is delivered by it any more."""
    if TRANSFER.is_terminal(process.state):
        tx.delete(Sending, process.id)
