"""Recorded events as dense timesteps."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arguments
from ._spikeloom import InputError


def bin_events(
    events: Any,
    sensor_size: tuple[int, int, int],
    *,
    dt: float,
    steps: int | None = None,
    polarities: bool = True,
) -> npt.NDArray[np.uint8]:
    """Events of one recording as an array of 0 and 1: timesteps × channels × height × width.

    Args:
        events: a structured array with fields ``t``, ``x``, ``y`` and, with polarities, ``p``, as tonic gives them; ``y`` may be
            absent where the sensor is one row.
        sensor_size: (width, height, polarities), as tonic's data sets state it.
        dt: length of a timestep in the unit of ``t`` (microseconds in tonic).
        steps: timesteps; default: as many as the recording lasts. Later events are refused.
        polarities: False joins both polarities into one channel.

    Several events of one pixel in one timestep become one.

    Raises:
        InputError: a field is missing, an event lies outside the sensor or beyond ``steps``, or ``dt`` is not positive.
    """
    names = getattr(getattr(events, "dtype", None), "names", None) or ()
    try:
        width, height, n_polarities = (operator.index(n) for n in sensor_size)
    except (TypeError, ValueError):
        raise InputError(f"sensor_size: {sensor_size!r} is no (width, height, polarities)") from None
    if min(width, height, n_polarities) < 1:
        raise InputError(f"sensor_size: {sensor_size!r} has a side below 1")
    polarities = _arguments.truth(polarities, "polarities")
    if isinstance(dt, bool) or not isinstance(dt, (int, float, np.number)):
        raise InputError(f"dt: {dt!r} is no number")
    if steps is not None:
        steps = _arguments.whole(steps, "steps", 1, 2**31 - 1)
    wanted = ["t", "x"] + (["y"] if height > 1 else []) + (["p"] if polarities else [])
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(f"events: have no field {', '.join(missing)}; give a structured array with {', '.join(wanted)}")
    if not dt > 0:
        raise InputError(f"dt: {dt} is not positive")
    channels = n_polarities if polarities else 1
    if len(events) == 0:
        return np.zeros((steps or 1, channels, height, width), np.uint8)
    for name in wanted:
        if not np.issubdtype(events.dtype[name], np.number) and events.dtype[name] != np.bool_:
            raise InputError(f"events: the field {name} has the type {events.dtype[name]}; give numbers")
    t = np.asarray(events["t"], np.float64)
    step = ((t - t.min()) // dt).astype(np.int64)
    lasts = int(step.max()) + 1
    if steps is None:
        steps = lasts
    elif lasts > steps:
        raise InputError(f"steps: {int((step >= steps).sum())} events lie after timestep {steps}; the recording lasts {lasts}")
    x = np.asarray(events["x"], np.int64)
    y = np.asarray(events["y"], np.int64) if height > 1 else np.zeros(len(x), np.int64)
    p = np.asarray(events["p"], np.int64) if polarities else np.zeros(len(x), np.int64)
    for name, values, size in (("x", x, width), ("y", y, height), ("p", p, channels)):
        if values.min() < 0 or values.max() >= size:
            raise InputError(f"events: {name} runs from {values.min()} to {values.max()}, the sensor has {size}")
    dense = np.zeros((steps, channels, height, width), np.uint8)
    dense[step, p, y, x] = 1
    return dense
