"""The buffer: what a device has taken in and not yet delivered, kept through power cuts."""

from edge_node.buffer.buffer import Buffer
from edge_node.buffer.model import BufferStatus, Limits, Sealed

__all__ = ["Buffer", "BufferStatus", "Limits", "Sealed"]
