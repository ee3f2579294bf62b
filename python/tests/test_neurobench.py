"""A program in a benchmark of NeuroBench. Needs torch and neurobench."""

import pytest

import spikeloom

torch = pytest.importorskip("torch")
pytest.importorskip("neurobench")


def test_a_benchmark_runs(program, images):
    from neurobench.benchmarks import Benchmark
    from neurobench.metrics.workload import ClassificationAccuracy
    from spikeloom.neurobench import ChipCores, ChipEnergy, ChipLatency, ChipModel, ChipSpikes, ChipSynapticOperations

    x, y = images
    data = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y.astype("int64")))
    loader = torch.utils.data.DataLoader(data, batch_size=8)
    workload = [ClassificationAccuracy, ChipEnergy, ChipLatency, ChipSpikes, ChipSynapticOperations]
    found = Benchmark(ChipModel(program), loader, [], [], [[ChipCores], workload]).run(quiet=True)
    whole = program.run(x, labels=y)
    assert found["ClassificationAccuracy"] == whole.accuracy and found["ChipCores"] == program.cores
    assert found["ChipEnergy"] == pytest.approx(float(whole.energy), rel=1e-9)
    assert found["ChipLatency"] == pytest.approx(float(whole.latency), rel=1e-9)
    samples = whole.to_pandas("sample")
    assert found["ChipSpikes"] == pytest.approx(samples["spikes"].mean(), rel=1e-12)
    assert found["ChipSynapticOperations"] == pytest.approx(samples["synaptic_operations"].mean(), rel=1e-12)


def test_wrong_inputs_are_named():
    from spikeloom.neurobench import ChipEnergy, ChipModel

    with pytest.raises(spikeloom.InputError, match="program: is a int"):
        ChipModel(3)
    with pytest.raises(spikeloom.InputError, match="model: is no spikeloom.neurobench.ChipModel"):
        ChipEnergy()(object(), None, None)
