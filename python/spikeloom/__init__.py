"""What a spiking neural network costs on a neuromorphic chip.

    >>> import spikeloom
    >>> net = spikeloom.load("mnist-small")
    >>> x, y = spikeloom.mnist_sample()
    >>> result = net.compile(spikeloom.Chip("loihi1")).run(x[:20], labels=y[:20])
    >>> result.accuracy
    1.0
    >>> print(result.energy)          # doctest: +SKIP
    280 µJ (47.2 to 303) per sample

Functions and classes:

=====================  ==============================================================
``load``               a network: one that ships, a file, a NIR graph, a PyTorch module
``Chip``               a chip: one that ships, or a description file
``Network.compile``    cuts, places and routes the network onto a chip
``Program.run``        runs samples; returns a ``Result``
``Result``             accuracy, energy, latency, counts, spikes; tables and plots
``bin_events``         event arrays (t, x, y, p) to dense timesteps
``train``              forward-forward training in a folder; returns a ``Training``
``explore``            a space of chips, on threads or a cluster; an ``Exploration``
``energy.model``       analytical energy models
``datasets``           published data sets as arrays
``neurobench``         a program as a NeuroBench model (import it; needs neurobench)
=====================  ==============================================================

Errors are ``SpikeloomError`` and its kinds: ``InputError`` (a ``ValueError``), ``DoesNotFitError`` (``.reasons``),
``UnpricedError``, ``InternalError``. Their words are those of the command line.
"""

from . import datasets, energy
from ._chip import Chip
from ._events import bin_events
from ._explore import Exploration, explore
from ._load import load
from ._network import Network, Program
from ._quantity import Quantity
from ._result import Result
from ._spikeloom import (
    DoesNotFitError,
    InputError,
    InternalError,
    SpikeloomError,
    UnpricedError,
    __version__,
    chips,
    mnist_sample,
    networks,
    tables,
)
from ._train import Training, train

__all__ = [
    "Chip",
    "DoesNotFitError",
    "Exploration",
    "InputError",
    "InternalError",
    "Network",
    "Program",
    "Quantity",
    "Result",
    "SpikeloomError",
    "Training",
    "UnpricedError",
    "__version__",
    "bin_events",
    "chips",
    "datasets",
    "energy",
    "explore",
    "load",
    "mnist_sample",
    "networks",
    "tables",
    "train",
]
