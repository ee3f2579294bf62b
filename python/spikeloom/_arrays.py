"""Arrays of NumPy or PyTorch in the form that the compiled half takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._spikeloom import InputError


def samples(x: Any) -> npt.NDArray[Any]:
    """``x`` as a contiguous array of uint8 or int32.

    Booleans become 0 and 1; numbers with a fractional part are refused, since nothing is rounded silently.
    """
    if hasattr(x, "detach"):  # a PyTorch tensor
        x = x.detach().cpu().numpy()
    array = np.asarray(x)
    if array.dtype == np.bool_:
        return np.ascontiguousarray(array).view(np.uint8)
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    if np.issubdtype(array.dtype, np.floating):
        if not np.all(np.isfinite(array)) or not np.array_equal(array, np.trunc(array)):
            raise InputError(
                "x: has numbers with a fractional part; give pixels as uint8, as in (x * 255).round().astype('uint8'), "
                "or spikes as 0 and 1"
            )
    elif not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"x: has elements of type {array.dtype}; give bool, uint8, whole numbers, or a PyTorch tensor of these")
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if low >= 0 and high <= 255:
        return np.ascontiguousarray(array, dtype=np.uint8)
    if low < -(2**31) or high >= 2**31:
        raise InputError(f"x: has values from {low} to {high}; at most 32 bits are taken")
    return np.ascontiguousarray(array, dtype=np.int32)


def labels(y: Any) -> list[int] | None:
    """``y`` as a list of class numbers."""
    if y is None:
        return None
    if hasattr(y, "detach"):
        y = y.detach().cpu().numpy()
    array = np.asarray(y)
    if array.ndim != 1 or not (np.issubdtype(array.dtype, np.integer) or array.dtype == np.bool_):
        raise InputError(f"labels: have shape {array.shape} and type {array.dtype}; give one whole number for each sample")
    if array.size and array.min() < 0:
        raise InputError(f"labels: {array.min()} is below 0; classes are numbered from 0")
    return [int(v) for v in array]
