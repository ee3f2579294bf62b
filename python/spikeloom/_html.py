"""Tables in notebooks."""

from __future__ import annotations

import html
from collections.abc import Iterable


def table(rows: Iterable[tuple[str, object]]) -> str:
    """Rows of a name and a value."""
    cells = (f"<tr><th style='text-align:left'>{html.escape(k)}</th><td>{html.escape(str(v))}</td></tr>" for k, v in rows)
    return f"<table>{''.join(cells)}</table>"
