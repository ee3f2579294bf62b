#!/usr/bin/env python3
"""What a chip that fires per event makes of an integrate-and-fire network, by an implementation of its own: accuracy and spikes by layer under
several orders of events, beside layers that add up their input in bins of time. The numbers in docs/fidelity.md.

    python3 scripts/per_event_oracle.py NETWORK.nir FOLDER [FLOOR]

NETWORK.nir: a chain of Conv2d (square), SumPool2d, Flatten, Linear and IF nodes without biases. FOLDER: class folders of N-MNIST's .bin. Weights are those of the
file, in real numbers; a neuron fires at v >= θ, θ is subtracted, v is at least FLOOR (-1). Needs h5py, numpy and a C compiler (cc).
"""
import ctypes
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

SOURCE = r"""
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* A layer: channels in and out, kernel, stride, padding, side of its map, pooling behind it; matrices have side 1 and their inputs as channels. */
typedef struct { int in, out, kernel, stride, padding, side, pool, flatten; float theta; const float *w; } Layer;
typedef struct { int layer, c, y, x; } Event;
enum { QUEUE, STACK, RANDOM };

static Event *waiting;
static size_t first, last, room;
static uint64_t seed = 88172645463325252ull;

static uint32_t draw(void) { seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17; return seed >> 32; }

static void push(Event e) {
    if (last == room) waiting = realloc(waiting, (room = room ? 2 * room : 65536) * sizeof(Event));
    waiting[last++] = e;
}

/* Where a spike acts on the next layer. */
static Event next(const Layer *net, int l, int c, int y, int x) {
    const int side = net[l].side / net[l].pool;
    Event e = {l + 1, c, y / net[l].pool, x / net[l].pool};
    if (net[l].flatten) { e.c = (c * side + e.y) * side + e.x; e.y = e.x = 0; }
    return e;
}

/* The neuron at (y, x) that an event reaches through the tap (ky, kx), if there is one. */
static int reached(const Layer *a, int at, int tap) {
    const int q = at + a->padding - tap;
    return q >= 0 && q % a->stride == 0 && q / a->stride < a->side ? q / a->stride : -1;
}

/* Every event is handled to its end before the next input event. */
void per_event(const Layer *net, int layers, const int *events, int n, int order, float floor, float **v, long **spikes) {
    for (int i = 0; i < n; i++) {
        first = last = 0;
        push((Event){0, events[3 * i], events[3 * i + 1], events[3 * i + 2]});
        while (first < last) {
            if (order == RANDOM) {
                const size_t k = first + draw() % (last - first);
                const Event t = waiting[k]; waiting[k] = waiting[first]; waiting[first] = t;
            }
            const Event e = order == STACK ? waiting[--last] : waiting[first++];
            const Layer *a = &net[e.layer];
            const size_t before = last;
            /* Row, column, channel: the order of a core's state words. */
            for (int ky = a->kernel - 1; ky >= 0; ky--) for (int kx = a->kernel - 1; kx >= 0; kx--) {
                const int y = reached(a, e.y, ky), x = reached(a, e.x, kx);
                if (y < 0 || x < 0) continue;
                for (int o = 0; o < a->out; o++) {
                    const size_t at = ((size_t)o * a->side + y) * a->side + x;
                    float *u = &v[e.layer][at];
                    *u += a->w[((o * a->in + e.c) * a->kernel + ky) * a->kernel + kx];
                    if (*u < floor) *u = floor;
                    if (*u < a->theta) continue;
                    *u -= a->theta;
                    spikes[e.layer][at]++;
                    if (e.layer + 1 < layers) push(next(net, e.layer, o, y, x));
                }
            }
            if (order == STACK) for (size_t i = before, j = last; i + 1 < j; i++) {
                j--;
                const Event t = waiting[i]; waiting[i] = waiting[j]; waiting[j] = t;
            }
        }
    }
}

/* One bin: layers add up what arrives, and fire floor(v/θ) times or once. `sent` has room for a layer's neurons. */
void bin(const Layer *net, int layers, const int *events, int n, int several, float floor, float **v, long **spikes) {
    first = last = 0;
    for (int i = 0; i < n; i++) push((Event){0, events[3 * i], events[3 * i + 1], events[3 * i + 2]});
    for (int l = 0; l < layers; l++) {
        const Layer *a = &net[l];
        for (; first < last; first++) {
            const Event e = waiting[first];
            for (int ky = 0; ky < a->kernel; ky++) for (int kx = 0; kx < a->kernel; kx++) {
                const int y = reached(a, e.y, ky), x = reached(a, e.x, kx);
                if (y < 0 || x < 0) continue;
                for (int o = 0; o < a->out; o++)
                    v[l][((size_t)o * a->side + y) * a->side + x] += a->w[((o * a->in + e.c) * a->kernel + ky) * a->kernel + kx];
            }
        }
        for (int o = 0; o < a->out; o++) for (int y = 0; y < a->side; y++) for (int x = 0; x < a->side; x++) {
            const size_t at = ((size_t)o * a->side + y) * a->side + x;
            int k = v[l][at] >= a->theta ? (int)(v[l][at] / a->theta) : 0;
            if (!several && k > 1) k = 1;
            v[l][at] -= k * a->theta;
            if (v[l][at] < floor) v[l][at] = floor;
            spikes[l][at] += k;
            if (l + 1 < layers) while (k-- > 0) push(next(net, l, o, y, x));
        }
    }
}
"""


class Layer(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("inputs", "outputs", "kernel", "stride", "padding", "side", "pool", "flatten")]
    _fields_ += [("theta", ctypes.c_float), ("w", ctypes.POINTER(ctypes.c_float))]


def network(path):
    """The layers in their order, and their weights, which must stay alive."""
    graph = h5py.File(path)["node"]
    following = {a.decode(): b.decode() for a, b in graph["edges"][()]}
    layers, weights, at = [], [], "input"
    while (at := following[at]) != "output":
        node = graph["nodes"][at]
        kind = node["type"][()].decode()
        if kind in ("Conv2d", "Linear", "Affine"):
            assert "bias" not in node or not node["bias"][()].any(), "per event, a bias has no step to act in"
            w = np.ascontiguousarray(node["weight"][()], np.float32)
            conv = kind == "Conv2d"
            stride, padding = ((int(node[name][()][0]) for name in ("stride", "padding"))) if conv else (1, 0)
            pointer = w.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            if layers and not conv:
                layers[-1].flatten = 1
            layers.append(Layer(w.shape[1], w.shape[0], w.shape[2] if conv else 1, stride, padding, 1, 1, 0, 1.0, pointer))
            weights.append(w)
        elif kind == "IF":
            theta = node["v_threshold"][()]
            layers[-1].theta, layers[-1].side = float(theta.flat[0]), theta.shape[1] if theta.ndim == 3 else 1
        elif kind == "SumPool2d":
            layers[-1].pool = int(node["kernel_size"][()][0])
    return (Layer * len(layers))(*layers), weights


def recording(path):
    """Label, times [µs] and places (polarity, row, column) of an N-MNIST file."""
    b = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, 5).astype(np.int32)
    return int(path.parent.name), (b[:, 2] & 127) << 16 | b[:, 3] << 8 | b[:, 4], np.stack([b[:, 2] >> 7, b[:, 1], b[:, 0]], 1)


def main():
    net, weights = network(sys.argv[1])
    recordings = [recording(path) for path in sorted(Path(sys.argv[2]).glob("*/*.bin"))]
    floor = ctypes.c_float(float(sys.argv[3]) if len(sys.argv) > 3 else -1.0)
    folder = tempfile.TemporaryDirectory()
    library = f"{folder.name}/oracle.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-xc", "-", "-o", library], input=SOURCE.encode(), check=True)
    code = ctypes.CDLL(library)

    def call(function, places, choice, v, spikes):
        places = np.ascontiguousarray(places, np.int32)
        pointers = [(ctypes.c_void_p * len(net))(*[a.ctypes.data for a in arrays]) for arrays in (v, spikes)]
        function(net, len(net), places.ctypes.data_as(ctypes.c_void_p), len(places), choice, floor, *pointers)

    def in_bins(us, several):
        def run(times, places, *state):
            for k in np.unique(times // us):
                call(code.bin, places[times // us == k], several, *state)

        return run

    def in_order(order, sort=False):
        def run(times, places, *state):
            by_neuron = np.lexsort((places[:, 2], places[:, 1], places[:, 0], times // 1000))
            call(code.per_event, places[by_neuron] if sort else places, order, *state)

        return run

    cases = {
        "bins of 1 ms, one spike at most": in_bins(1000, 0),
        "bins of 1 ms, several spikes": in_bins(1000, 1),
        "bins of 50 µs, several spikes": in_bins(50, 1),
        "per event, in the order of arrival": in_order(0),
        "per event, the newest first": in_order(1),
        "per event, at random": in_order(2),
        "per event, input sorted by neuron in bins of 1 ms": in_order(0, sort=True),
    }
    print("| model | accuracy | spikes of each layer |\n|---|---|---|")
    for name, run in cases.items():
        right, counts = 0, []
        for label, times, places in recordings:
            v = [np.zeros(layer.outputs * layer.side**2, np.float32) for layer in net]
            spikes = [np.zeros(len(potentials), np.int64) for potentials in v]
            run(times, places, v, spikes)
            right += int(spikes[-1].argmax() == label)
            counts.append([layer.sum() for layer in spikes])
        means = ", ".join(f"{n:,.0f}" for n in np.mean(counts, 0))
        print(f"| {name} | {100 * right / len(recordings):.1f} % | {means} |", flush=True)


main()
