"""Memory that is free goes back to the system: a device has little, and comes by a lot of it only for a moment.

What lives here: what the C library (glibc, mallopt(3)) is told. What does not: bounds on what is held (`intake`,
`sources`, `buffer`). Another C library is left as it is.

Unasked, glibc takes the largest block it was ever given back as the size up to which it keeps blocks, and never looks
at holes: after a burst a device would hold ten megabytes that nobody uses.
"""

from __future__ import annotations

import asyncio
import ctypes
from typing import Final

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""As malloc.h has them."""
_SETTINGS: Final = {_TRIM_THRESHOLD: 128 << 10, _MMAP_THRESHOLD: 64 << 10, _ARENA_MAX: 1}

_SECONDS: Final = 10.0


def spare() -> None:
    """From now on: large blocks go back at once, the end of the heap as well, and threads share one heap."""
    library = ctypes.CDLL(None)
    for name, value in _SETTINGS.items() if hasattr(library, "mallopt") else ():
        library.mallopt(name, value)


async def giving_back() -> None:
    """Every now and then whole pages inside the heap that nobody uses, too; that takes a millisecond or two."""
    library = ctypes.CDLL(None)
    while hasattr(library, "malloc_trim"):
        await asyncio.sleep(_SECONDS)
        library.malloc_trim(0)
