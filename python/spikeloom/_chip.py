"""Chips."""

from __future__ import annotations

import json
from typing import Any

from . import _arguments
from ._spikeloom import Chip as _Chip


class Chip:
    """A neuromorphic chip: its description, and the energy table that prices what is counted on it.

    Args:
        name: a chip that ships (``spikeloom.chips()``), or the path of a description file (``.ron``).
        prices: an energy table that ships (``spikeloom.tables()``), a file (.ron), one times a factor ("loihi1:0.5"), one scaled to
            this chip ("scaled:loihi1"), or "components", which follows from the chip's parts. Default: the table that the
            description names; without one, "components".

    Raises:
        InputError: there is no such chip, or its description is wrong; the message says where.
    """

    def __init__(self, name: str, *, prices: str | None = None) -> None:
        _arguments.text(name, "name")
        if prices is not None:
            _arguments.text(prices, "prices")
        self._inner = _Chip(name, prices=prices)

    @classmethod
    def _of(cls, inner: _Chip) -> Chip:
        chip = cls.__new__(cls)
        chip._inner = inner
        return chip

    @property
    def name(self) -> str:
        """Name of the chip."""
        return self._inner.name

    @property
    def prices(self) -> str | None:
        """Name of its energy table; None if it has none."""
        return self._inner.prices

    @property
    def description(self) -> dict[str, Any]:
        """The description as nested dictionaries: a copy."""
        return json.loads(self._inner._state()[0])  # type: ignore[no-any-return]

    def with_prices(self, table: str) -> Chip:
        """The same chip priced by another energy table."""
        return Chip._of(self._inner.with_prices(_arguments.text(table, "table")))

    def with_(self, **changes: Any) -> Chip:
        """A copy with fields of the description changed.

        ``Chip("loihi1").with_(core__neurons=512)`` sets ``core.neurons``: two underscores stand for a dot.

        Raises:
            InputError: a field that does not exist or a value that does not fit; the message names what would.
        """
        return Chip._of(self._inner._with([(path.replace("__", "."), _word(v)) for path, v in changes.items()]))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, self._inner._state())

    def __repr__(self) -> str:
        return f"Chip({self.name!r})"


def _word(value: Any) -> str:
    """A value as the command line's ``--set`` takes it."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _restore(description: str, prices: str | None, follows: str | None) -> Chip:
    return Chip._of(_Chip._of_state(description, prices, follows))
