"""Noise for statistics: the discrete Laplace mechanism of OpenDP (extra `noise`).

What lives here: one draw. What does not: how much may be drawn (`policies.transforms.ledger`). Source: Dwork, McSherry,
Nissim, Smith 2006; Canonne, Kamath, Steinke 2020 for whole numbers. Its samplers are exact: a Laplace variable made of
floating-point numbers gives away in its last digits what it should hide.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any, Final

from connector.errors import RefusedError

_STEP: Final = 10**6
"""Statistics are whole numbers of millionths to the sampler, unless they count."""


def laplace(value: Decimal, sensitivity: Decimal, epsilon: Decimal) -> Decimal:
    """The value with noise, so that a change of it by `sensitivity` shows by no more than `epsilon`.

    Raises `RefusedError` where the extra `noise` is not installed.
    """
    step = 1 if sensitivity == value.to_integral_value() == value or sensitivity == 1 else _STEP
    whole = int((value * step).to_integral_value(ROUND_HALF_EVEN))
    # Rounding both may put one more step between two neighbours.
    spread = int((sensitivity * step).to_integral_value(ROUND_HALF_EVEN)) + (step > 1)
    drawn: int = _mechanism(float(Decimal(spread) / epsilon))(whole)
    return Decimal(drawn) / step


@lru_cache(maxsize=64)
def _mechanism(scale: float) -> Any:
    try:
        import opendp.prelude as dp
    except ImportError:
        raise RefusedError("transform.noise_missing") from None
    dp.enable_features("contrib")
    return dp.m.make_laplace(dp.atom_domain(T=int), dp.absolute_distance(T=int), scale=scale)
