"""Wall time of the 10,000 MNIST test images: spikeloom's simulated chip (analytic timing) against the same network's spiking
forward pass in PyTorch, both on all processors.

    cargo build --release
    target/release/spikeloom data fetch mnist
    pip install torch numpy            # PyTorch for CPUs is enough
    python scripts/bench_inference.py [--runs 3] [--images 10000]

The forward pass executes the network's definition (docs/semantics.md, section 4): the standardized image enters once, then each layer
fires for L steps while the next one integrates a convolution of every step's binary spikes. It keeps spikes and classes only. The
simulator does that, counts every memory access and packet, and times cores and links. Classes are compared.
"""

import argparse
import gzip
import json
import os
import pathlib
import struct
import subprocess
import sys
import time

import numpy
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "target/release/spikeloom"


def network(path):
    """Layers of a trained network: fused weights, initial potentials, stride; the read-out and L."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    meta = json.loads(header.pop("__metadata__")["spikeloom"])

    def tensor(name):
        entry = header[name]
        start, end = entry["data_offsets"]
        kind = {"F32": "<f4", "I8": "i1"}[entry["dtype"]]
        data = numpy.frombuffer(raw[8 + size + start : 8 + size + end], kind).reshape(entry["shape"])
        return torch.tensor(data.astype("f4"))

    layers = []
    for i, layer in enumerate(meta["layers"]):
        weight = tensor(f"layer{i}.weight")
        if f"layer{i}.unit" in header:
            weight = weight * tensor(f"layer{i}.unit")[:, None, None, None]
        gain = layer["kappa"] * tensor(f"layer{i}.channel_weight") / torch.sqrt(tensor(f"layer{i}.variance") + 1e-5)
        bias = layer["kappa"] * tensor(f"layer{i}.channel_bias") - gain * tensor(f"layer{i}.mean")
        layers.append((weight * gain[:, None, None, None], bias + 0.5, layer["stride"], layer["pad"]))
    last = len(layers) - 1
    return layers, tensor(f"layer{last}.readout"), meta["layers"][last]["grid"], meta["layers"][0]["levels"]


def images(folder):
    """Test images, standardized as the host encoder does, and their labels."""

    def idx(stem, skip):
        for name in (f"{stem}.gz", stem, stem.replace("-idx", ".idx")):
            path = folder / name
            if path.exists():
                raw = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
                return numpy.frombuffer(raw[skip:], "u1")
        sys.exit(f"{folder}: no {stem}; run `spikeloom data fetch mnist`")

    pixels = idx("t10k-images-idx3-ubyte", 16).reshape(-1, 784).astype("f8")
    mean, std = pixels.mean(1, keepdims=True), pixels.std(1, keepdims=True)
    scaled = (pixels - mean) * (32 / (std / 255 + 0.05) / 255)
    coded = numpy.clip(numpy.sign(scaled) * numpy.floor(numpy.abs(scaled) + 0.5), -127, 127) / 32
    return torch.tensor(coded.astype("f4").reshape(-1, 1, 28, 28)), idx("t10k-labels-idx1-ubyte", 8)


@torch.no_grad()
def forward(layers, readout, grid, levels, x):
    """Classes of a batch, spike by spike."""
    conv = torch.nn.functional.conv2d
    weight, start, stride, pad = layers[0]
    v = conv(x, weight, None, stride, pad) + start[:, None, None]
    for following in [*layers[1:], None]:
        total = None
        counts = torch.zeros_like(v)
        for _ in range(levels):
            spikes = (v >= 1).to(v.dtype)
            v -= spikes
            if following is None:
                counts += spikes
            else:
                part = conv(spikes, following[0], None, following[2], following[3])
                total = part if total is None else total.add_(part)
        if following is not None:
            v = total + following[1][:, None, None]
    energy = counts * counts
    n, c, h, w = energy.shape
    features = torch.stack(
        [
            energy[:, :, (r * h + grid - 1) // grid : ((r + 1) * h + grid - 1) // grid,
                   (q * w + grid - 1) // grid : ((q + 1) * w + grid - 1) // grid].sum((2, 3))
            for r in range(grid)
            for q in range(grid)
        ],
        1,
    )
    return torch.einsum("jrc,nrc->nj", readout, features).argmax(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--model", default="mnist-small")
    parser.add_argument("--batch", type=int, default=250)
    args = parser.parse_args()
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "spikeloom/data"
    folder = pathlib.Path(os.environ.get("SPIKELOOM_DATA", cache)) / "mnist"
    x, labels = images(folder)
    x, labels = x[: args.images].contiguous(memory_format=torch.channels_last), labels[: args.images]
    layers, readout, grid, levels = network(ROOT / f"models/training/zoo/{args.model}.safetensors")
    layers = [(w.contiguous(memory_format=torch.channels_last), *rest) for w, *rest in layers]
    command = [BINARY, "run", args.model, "--data", "mnist", "--limit", str(args.images), "--json"]
    ratios = []
    for _ in range(args.runs):
        begin = time.perf_counter()
        classes = torch.cat([forward(layers, readout, grid, levels, b) for b in x.split(args.batch)])
        peer = time.perf_counter() - begin
        right = int((classes.numpy() == labels).sum())
        begin = time.perf_counter()
        report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        own = time.perf_counter() - begin
        ratios.append(peer / own)
        print(
            f"PyTorch {torch.__version__} {peer:6.2f} s ({right} right)   spikeloom {own:6.2f} s ({report['correct']} right, "
            f"compiled, simulated, timed, counted)   ratio {peer / own:.2f}"
        )
    print(f"median ratio {sorted(ratios)[len(ratios) // 2]:.2f}, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
