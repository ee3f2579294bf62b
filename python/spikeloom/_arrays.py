"""Arrays of NumPy or PyTorch, and recorded events, in the form that the compiled half takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._events import bin_events
from ._spikeloom import InputError

Shape = tuple[int, int, int]


def array(x: Any) -> npt.NDArray[Any]:
    """What NumPy makes of ``x``, which may be a PyTorch tensor."""
    if hasattr(x, "detach"):
        x = x.detach().cpu().numpy()
    return np.asarray(x)


def samples(x: Any, name: str = "x") -> npt.NDArray[Any]:
    """``x`` as a contiguous array of uint8 or int32.

    Booleans become 0 and 1; numbers with a fractional part are refused, since nothing is rounded silently.
    """
    try:
        values = array(x)
    except ValueError as error:
        raise InputError(f"{name}: is no array: {error}") from error
    if values.dtype == np.bool_:
        return np.ascontiguousarray(values).view(np.uint8)
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if np.issubdtype(values.dtype, np.floating):
        if not np.all(np.isfinite(values)) or not np.array_equal(values, np.trunc(values)):
            raise InputError(
                f"{name}: has numbers with a fractional part; give pixels as uint8, as in (x * 255).round().astype('uint8'), "
                "or spikes as 0 and 1"
            )
    elif not np.issubdtype(values.dtype, np.integer):
        kinds = "give bool, uint8, whole numbers, or a PyTorch tensor of these"
        raise InputError(f"{name}: has elements of type {values.dtype}; {kinds}")
    low, high = (values.min(), values.max()) if values.size else (0, 0)
    if low >= 0 and high <= 255:
        return np.ascontiguousarray(values, dtype=np.uint8)
    if low < -(2**31) or high >= 2**31:
        raise InputError(f"{name}: has values from {low} to {high}; at most 32 bits are taken")
    return np.ascontiguousarray(values, dtype=np.int32)


def stimuli(x: Any, shape: Shape, timesteps: int, dt: float | None, name: str = "x") -> npt.NDArray[Any]:
    """``x`` as :func:`samples`; recordings of events are binned into timesteps of ``dt`` for an input layer of this shape."""
    if getattr(getattr(x, "dtype", None), "names", None):
        raise InputError(f"{name}: is one recording of events; give a list of recordings")
    if not (isinstance(x, (list, tuple)) and x and getattr(getattr(x[0], "dtype", None), "names", None)):
        if dt is not None:
            raise InputError(f"dt: is for recordings of events, and {name} is an array, whose timesteps are its second axis")
        return samples(x, name)
    if dt is not None and (isinstance(dt, bool) or not isinstance(dt, (int, float, np.number))):
        raise InputError(f"dt: {dt!r} is no number")
    if dt is None:
        raise InputError(f"dt: {name} holds recordings of events; say how long a timestep is in their unit of time")
    channels, height, width = shape
    # Input without rows and columns is a row of sensors.
    sensor = (width, height, channels) if height * width > 1 else (channels, 1, 1)
    dense = np.zeros((len(x), timesteps, channels, height, width), np.uint8)
    for i, events in enumerate(x):
        try:
            binned = bin_events(events, sensor, dt=dt, steps=timesteps, polarities=sensor[2] > 1)
        except InputError as error:
            raise InputError(f"{name}: recording {i}: {error}") from error
        dense[i] = binned.reshape(timesteps, channels, height, width)
    return dense


def labels(y: Any, name: str = "labels") -> list[int] | None:
    """``y`` as a list of class numbers."""
    if y is None:
        return None
    try:
        values = array(y)
    except ValueError as error:
        raise InputError(f"{name}: are no array: {error}") from error
    if values.ndim != 1 or not (np.issubdtype(values.dtype, np.integer) or values.dtype == np.bool_):
        raise InputError(f"{name}: have shape {values.shape} and type {values.dtype}; give one whole number for each sample")
    if values.size and values.min() < 0:
        raise InputError(f"{name}: {values.min()} is below 0; classes are numbered from 0")
    if values.size and values.max() >= 2**32:
        raise InputError(f"{name}: {values.max()} is no number of a class")
    return [int(v) for v in values]


def images(given: Any, name: str) -> tuple[npt.NDArray[np.uint8], list[int]]:
    """A pair of images (N × C × H × W, uint8) and labels."""
    if not (isinstance(given, (tuple, list)) and len(given) == 2):
        raise InputError(f"{name}: is no pair of images and labels")
    x, y = samples(given[0], name), labels(given[1], name)
    if x.dtype != np.uint8:
        raise InputError(f"{name}: images are pixels of 0 to 255; give them as uint8")
    if y is None:
        raise InputError(f"{name}: has no labels, and training needs them")
    return x, y
