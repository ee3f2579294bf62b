"""A number with a unit and its plausible range."""

from __future__ import annotations

from dataclasses import dataclass

_PREFIXES = [(1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p")]


def scaled(value: float, unit: str) -> tuple[float, str]:
    """The unit with the prefix that suits a value, and how much of ``unit`` it is."""
    for scale, prefix in _PREFIXES:
        if abs(value) >= scale:
            return scale, prefix + unit
    return 1.0, unit


@dataclass(frozen=True)
class Quantity:
    """A value with its unit; ``low`` and ``high`` are the lowest and highest plausible value.

    ``float(q)`` is the value in the unit of ``q.unit`` (SI: J, s, W). ``lower_bound`` says that something that was
    counted has no published price, so that the value leaves it out; ``per`` says of what it is.
    """

    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    per: str = ""
    lower_bound: bool = False

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        scale, unit = scaled(self.value, self.unit)
        text = f"{self.value / scale:.4g} {unit}"
        if self.low is not None and self.high is not None and (self.low, self.high) != (self.value, self.value):
            text += f" ({self.low / scale:.4g} to {self.high / scale:.4g})"
        if self.per:
            text += f" per {self.per}"
        return text + (", without what has no published price" if self.lower_bound else "")

    def __repr__(self) -> str:
        return f"<Quantity {self}>"
