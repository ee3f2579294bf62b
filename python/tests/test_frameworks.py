"""Networks of four PyTorch frameworks, from module to chip: every spike is the framework's own. Needs torch and the framework."""

import numpy as np
import pytest

import spikeloom

torch = pytest.importorskip("torch")

STEPS, INPUTS = 30, 12


def seeded(net, scale):
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in net.parameters():
            if p.dim() > 1:
                p.copy_(torch.round(torch.randn(p.shape, generator=generator) * scale * 32) / 32)
    return net, (torch.rand((STEPS, INPUTS), generator=generator) < 0.3).float()


def linear(scale_out=16):
    return torch.nn.Linear(INPUTS, scale_out, bias=False)


def stepped(net, frames, state=None):
    """The output's spikes, step by step: rows of (timestep, neuron)."""
    with torch.no_grad():
        seen = []
        for frame in frames:
            if state is None:
                out = net(frame[None])
            else:
                out, state[0] = net(frame[None], state[0])
            seen.append(out.reshape(-1))
    return np.argwhere(torch.stack(seen).numpy() > 0).tolist()


def on_chip(net, sample, frames, **options):
    network = spikeloom.load(net, sample=sample, steps=STEPS, coding="events", **options)
    result = network.compile("lemaire_ideal", weight_bits=16).run(frames[None] > 0, mode="counts", spikes=True)
    return sorted(result.spikes(result.layers[-1])[:, 1:].tolist())


def test_snntorch():
    snn = pytest.importorskip("snntorch")
    pytest.importorskip("nirtorch")
    neuron = snn.Leaky(beta=torch.full((16,), 0.875), threshold=torch.ones(16), init_hidden=True)
    net, frames = seeded(torch.nn.Sequential(linear(), neuron), 0.5)
    want = stepped(net, frames)
    neuron.reset_mem()
    assert len(want) > 20 and on_chip(net, torch.zeros(INPUTS), frames) == want


def test_spikingjelly():
    jelly = pytest.importorskip("spikingjelly.activation_based")
    from spikingjelly.activation_based import functional, layer, neuron

    assert jelly
    net, frames = seeded(torch.nn.Sequential(layer.Linear(INPUTS, 16, bias=False), neuron.LIFNode(tau=8.0, decay_input=False)), 0.5)
    want = stepped(net, frames)
    functional.reset_net(net)
    assert len(want) > 20 and on_chip(net, torch.zeros(1, INPUTS), frames) == want


def test_norse():
    norse = pytest.importorskip("norse.torch")
    ones, zeros = torch.ones(16), torch.zeros(16)
    cell = norse.LIFBoxCell(norse.LIFBoxParameters(tau_mem_inv=100 * ones, v_leak=zeros, v_th=ones, v_reset=zeros))
    net, frames = seeded(norse.SequentialState(linear(), cell), 4.0)
    want = stepped(net, frames, [None])
    assert len(want) > 20 and on_chip(net, torch.zeros(1, INPUTS), frames) == want


def test_sinabs():
    layers = pytest.importorskip("sinabs.layers")
    from sinabs.activation import SingleSpike

    net, frames = seeded(torch.nn.Sequential(linear(), layers.IAF(spike_fn=SingleSpike)), 0.5)
    with torch.no_grad():
        want = np.argwhere(net(frames[None])[0].numpy() > 0).tolist()
    assert len(want) > 20 and on_chip(net, torch.zeros(1, STEPS, INPUTS), frames, spikes="one") == want


def test_what_cannot_be_exported_is_said():
    snn = pytest.importorskip("snntorch")
    net = torch.nn.Sequential(linear(), snn.Leaky(beta=0.5, init_hidden=True))
    with pytest.raises(spikeloom.InputError, match="sample: snntorch needs one input"):
        spikeloom.load(net)
    with pytest.raises(spikeloom.InputError, match="source: snntorch could not write the module as NIR"):
        spikeloom.load(net, sample=torch.zeros(3))
    with pytest.raises(spikeloom.InputError, match="source: Linear is neither"):
        spikeloom.load(linear())
