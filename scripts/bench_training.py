#!/usr/bin/env python3
"""Images per second of one FFGAF training step: spikeloom against the same step in PyTorch, on this machine's CPU.

Both train channels 40-120-120-240, 3x3, strides 1,2,2,1, batch 128, layer-local losses, Adam, on random images.
Runs alternate, so that both see the same load; the ratio is that of the medians. Speed is given per wall second and per
CPU second (user + system, all threads): the second hardly depends on what else the machine does.

    cargo build --release -p spikeloom-models --example train_speed
    python3 scripts/bench_training.py [--set cifar10|mnist] [--images 2560] [--repeats 5]

Needs torch (CPU).
"""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import time


def torch_step(shape, images, batch=128, channels_last=True):
    """Seconds (wall, CPU) for `images` images in PyTorch, after a warm-up pass of the same length."""
    import torch
    import torch.nn.functional as F

    torch.manual_seed(1)
    form = torch.channels_last if channels_last else torch.contiguous_format
    layers, c = [], shape[0]
    for out, stride in zip([40, 120, 120, 240], [1, 2, 2, 1]):
        w = (torch.randn(out, c, 3, 3) * (2 / (9 * c)) ** 0.5).to(memory_format=form).requires_grad_()
        g, b = torch.ones(out, requires_grad=True), torch.zeros(out, requires_grad=True)
        group = torch.zeros(10, out)
        for j in range(10):
            group[j, j * out // 10:(j + 1) * out // 10] = 10 / out
        layers.append((w, g, b, stride, group, torch.optim.Adam([w, g, b], lr=0.01)))
        c = out
    x = torch.randn(images, *shape)
    y = torch.randint(0, 10, (images,))

    def run():
        for i in range(0, images - batch + 1, batch):
            n = x[i:i + batch].to(memory_format=form)
            for w, g, b, stride, group, adam in layers:
                z = F.conv2d(n, w, stride=stride, padding=1)
                u = 2 * F.batch_norm(z, None, None, g, b, training=True)
                smooth = u.clamp(0, 8)
                q = smooth + (torch.floor(u.detach() + 0.5).clamp_(0, 8) - smooth).detach()
                logits = q.square().mean((2, 3)) @ group.T
                loss = F.cross_entropy(logits, y[i:i + batch])
                adam.zero_grad(set_to_none=True)
                loss.backward()
                adam.step()
                n = q.detach()

    run()
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def ours(binary, name, images, arithmetic):
    """Images per wall second, images per CPU second (both passes and start-up included)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([binary, name, str(images), arithmetic], check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float(out), 2 * (images // 128 * 128) / cpu


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--set", default="cifar10", choices=["cifar10", "mnist"])
    p.add_argument("--images", type=int, default=2560)
    p.add_argument("--repeats", type=int, default=5)
    p.add_argument("--binary", default=os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "release/examples/train_speed"))
    a = p.parse_args()
    if not os.path.exists(a.binary):
        sys.exit(f"{a.binary} is missing: cargo build --release -p spikeloom-models --example train_speed")
    shape = (3, 32, 32) if a.set == "cifar10" else (1, 28, 28)
    done = a.images // 128 * 128
    rows = {"spikeloom fixed": [], "spikeloom float": [], "PyTorch channels_last": [], "PyTorch contiguous": []}
    for _ in range(a.repeats):
        rows["spikeloom fixed"].append(ours(a.binary, a.set, a.images, "fixed"))
        rows["spikeloom float"].append(ours(a.binary, a.set, a.images, "float"))
        for name, last in (("PyTorch channels_last", True), ("PyTorch contiguous", False)):
            wall, cpu = torch_step(shape, a.images, channels_last=last)
            rows[name].append((done / wall, done / cpu))
    import torch

    print(f"{a.set}, {a.images} images, {a.repeats} repeats, torch {torch.__version__}, {torch.get_num_threads()} threads")
    median = {}
    for name, r in rows.items():
        wall, cpu = (sorted(v) for v in zip(*r))
        median[name] = (statistics.median(wall), statistics.median(cpu))
        print(f"{name:22} {median[name][0]:8.0f} images/s ({wall[0]:.0f} to {wall[-1]:.0f})   {median[name][1]:8.0f} per CPU second")
    best = max(("PyTorch channels_last", "PyTorch contiguous"), key=lambda n: median[n][1])
    for name in ("spikeloom fixed", "spikeloom float"):
        print(f"{name} / {best}: {median[name][0] / median[best][0]:.2f} by wall time, {median[name][1] / median[best][1]:.2f} by CPU time")


if __name__ == "__main__":
    main()
