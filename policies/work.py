"""How much a comparison may cost: a number of steps that everything in it draws from.

What lives here: the count. What does not: what a step is (each place that loops says so). A step is some two to five
microseconds. Whoever asks several questions about the policies of a stranger draws all of them from one count.
"""

from __future__ import annotations

from typing import Final

from policies.claims import TooLargeError

STEPS: Final = 200_000
"""For one comparison (some 0.5 s at worst)."""


class Work:
    """Steps that are left."""

    def __init__(self, steps: int = STEPS) -> None:
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Count work. Raises `TooLargeError` where there is none left."""
        self._left -= steps
        if self._left < 0:
            raise TooLargeError
