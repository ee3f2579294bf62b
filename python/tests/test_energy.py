"""Analytical models: the numbers of the command line."""

import json
import subprocess
import sys

import pytest

import spikeloom

DESCRIBED = {
    "mode": "snn",
    "T": 4,
    "layers": [
        {"kind": "conv", "cin": 2, "h": 16, "w": 16, "cout": 8, "kernel": 3, "stride": 2, "padding": 1, "bias": True}
        | {"neuron": "lif", "theta_in": 521.3, "theta_out": 16.3},
        {"kind": "fc", "nin": 512, "nout": 10, "bias": True, "neuron": "if", "theta_in": 16.3, "theta_out": 2.0},
    ],
}


def command(folder, *arguments):
    ran = subprocess.run(
        [sys.executable, "-m", "spikeloom", "energy", "model", *arguments, "--json"], capture_output=True, text=True, cwd=folder
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_measured_network_is_that_of_the_command(network, images, tmp_path):
    estimate = spikeloom.energy.model(network, images[0])
    assert estimate.evaluation == command(tmp_path, "--model", "mnist-small", "--limit", "20")
    layers = estimate.to_pandas()
    assert layers["total_j"].sum() == pytest.approx(float(estimate.energy), rel=1e-9)
    assert float(estimate.memory) + float(estimate.computation) == pytest.approx(float(estimate.energy), rel=1e-9)
    assert estimate.to_pandas("term")["pj"].sum() * 1e-12 == pytest.approx(float(estimate.energy), rel=1e-9)


def test_a_described_network_is_that_of_the_command(tmp_path):
    file = tmp_path / "network.json"
    file.write_text(json.dumps(DESCRIBED))
    for options in ({}, {"reading": "qualia", "bits": 16}):
        words = [f"--{name}={value}" for name, value in options.items()]
        want = command(tmp_path, str(file), *words)
        assert spikeloom.energy.model(DESCRIBED, **options).evaluation == want
        assert spikeloom.energy.model(file, **options).evaluation == want
    assert "J" in spikeloom.energy.model(DESCRIBED)._repr_html_()
