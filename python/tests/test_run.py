"""From a network to joules: the numbers are those of the command line, in arrays and quantities that agree with each other."""

import json
import pickle
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

import numpy as np
import pytest

import spikeloom


def test_the_record_is_that_of_the_command_to_the_byte(program, images, tmp_path):
    own, command = tmp_path / "own.json", tmp_path / "command.json"
    done = subprocess.run(
        [sys.executable, "-m", "spikeloom", "run", "mnist-small", "--limit", "20", "--output", str(command)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    # Arrays have no name of their own; the command's samples do.
    name = json.loads(command.read_text())["dataset"]
    program.run(*images, dataset=name).save(own)
    # The command also says what it was asked for; the rest is the same text, number by number.
    found = json.loads(command.read_text())
    assert found.pop("asked")["model"] == "mnist-small"
    assert json.dumps(found) == json.dumps({k: v for k, v in json.loads(own.read_text()).items() if k != "asked"})


def test_the_command_is_installed_with_the_package(tmp_path):
    command = Path(sysconfig.get_path("scripts")) / "spikeloom"
    done = subprocess.run([command, "--version"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.split()[-1] == spikeloom.__version__
    assert subprocess.run([command, "run", "nowhere.nir"], capture_output=True, cwd=tmp_path).returncode == 2


def test_figures_agree_with_each_other(result):
    samples = result.to_pandas("sample")
    assert result.accuracy == (samples["class"] == samples["label"]).mean()
    assert samples["energy_j"].mean() == pytest.approx(float(result.energy), rel=1e-9)
    assert samples["latency_s"].mean() == pytest.approx(float(result.latency), rel=1e-12)
    lines = result.to_pandas("energy")
    assert lines["energy_j"].sum() / result.n_samples == pytest.approx(float(result.dynamic_energy), rel=1e-9)
    cores = result.to_pandas("core")
    assert cores.groupby("action")["count"].sum().to_dict() == result.counts
    layers = result.to_pandas("layer").set_index("layer")
    for name in result.layers:
        assert len(result.spikes(name)) == layers.loc[name, "spikes"]


def test_counts_do_not_depend_on_mode_or_threads(program, images, result):
    for mode in ("counts", "analytic", "cycle"):
        for threads in (1, 2):
            other = program.run(*images, mode=mode, threads=threads)
            assert other.counts == result.counts
            assert (other.latency is None) == (mode == "counts")


def test_without_labels_there_is_no_accuracy(program, images):
    result = program.run(images[0][:2])
    assert result.accuracy is None and "label" not in result.to_pandas("sample")


def test_kinds_of_arrays_give_the_same(program, images):
    x = images[0][:3]
    want = program.run(x).counts
    for same in (x.tolist(), x.astype(np.int64), x.astype(np.float32), x.reshape(3, -1), np.asfortranarray(x)):
        assert program.run(same).counts == want


def test_programs_results_and_chips_survive(program, images, tmp_path):
    want = program.run(*images).counts
    assert pickle.loads(pickle.dumps(program)).run(*images).counts == want
    program.save(tmp_path / "net.slb")
    assert spikeloom.Program.load(tmp_path / "net.slb", "loihi1").run(*images).counts == want
    chip = pickle.loads(pickle.dumps(spikeloom.Chip("loihi1").with_prices("loihi1:0.5")))
    assert chip.description == spikeloom.Chip("loihi1").description and chip.prices != "loihi1"


def test_results_survive(result, program, images):
    again = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(result))))
    assert again.record == result.record and repr(again) == repr(result) and again._repr_html_() == result._repr_html_()
    for level in ("sample", "layer", "core", "step", "energy"):
        assert again.to_pandas(level).equals(result.to_pandas(level))
    assert (again.spikes("conv2") == result.spikes("conv2")).all()
    bare = pickle.loads(pickle.dumps(program.run(images[0][:1])))
    assert bare.accuracy is None
    with pytest.raises(spikeloom.InputError, match="run with spikes=True"):
        bare.spikes(0)


def test_plots_are_drawn(result):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    raster, energy = result.plot_raster("conv1", sample=2), result.plot_energy()
    assert "sample 2" in raster.get_title() and "[µJ]" in energy.get_ylabel()
    assert len(raster.lines[0].get_xdata()) == (result.spikes("conv1")[:, 0] == 2).sum()
    with pytest.raises(spikeloom.InputError, match="sample: 20 is beyond"):
        result.plot_raster("conv1", sample=20)


def test_threads_run_at_once_and_equal(program, images):
    results = []
    workers = [threading.Thread(target=lambda: results.append(program.run(*images).counts)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 4 and all(r == results[0] for r in results)


def test_progress_is_told(program, images):
    seen = []
    program.run(*images, progress=lambda *at: seen.append(at))
    assert seen[0] == ("run", 0, 20) and seen[-1] == ("run", 20, 20)


def test_an_exception_of_the_callback_ends_the_run(program, images):
    def fail(task, done, of):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        program.run(*images, progress=fail)


def test_spikes_by_step_are_those_of_the_raster(result):
    steps = result.to_pandas("step")
    assert len(steps) == result.n_samples * 32 * len(result.layers)
    for layer in result.layers:
        of_layer = steps[steps["layer"] == layer]
        spikes = result.spikes(layer)
        assert of_layer["spikes"].sum() == len(spikes)
        at = of_layer[(of_layer["sample"] == 3) & (of_layer["timestep"] == 7)]["spikes"].item()
        assert at == ((spikes[:, 0] == 3) & (spikes[:, 1] == 7)).sum()


def test_memory_stays_flat_over_ten_thousand_runs(tiny):
    resource = pytest.importorskip("resource")
    x = np.ones((1, 4, 9), np.uint8)

    def grown(runs):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(runs):
            tiny.run(x, threads=1, spikes=True, per_sample=True).counts
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    grown(500)
    # A leak of 512 bytes a run would be seen.
    assert grown(10_000) < 5 * 1024  # KiB


def test_it_shows_itself_in_notebooks(result):
    text = result._repr_html_()
    assert "mnist" in text and "J" in text and "100.00 %" in text
    assert "Result" in repr(result)


def test_a_changed_chip_is_another_chip(network, images):
    chip = spikeloom.Chip("loihi1").with_(core__neurons=512)
    assert chip.description["core"]["neurons"]["value"] == 512 and "512" in chip.name
    assert network.compile(chip).cores > network.compile("loihi1").cores
    with pytest.raises(spikeloom.InputError, match="neuron"):
        spikeloom.Chip("loihi1").with_(core__neuron=512)


def test_a_run_without_labels_has_a_record(program, images, tmp_path):
    result = program.run(images[0][:3])
    result.save(tmp_path / "run.json")
    assert result.accuracy is None and result.record.get("correct") is None
    assert result.record["images"] == 3
    assert (tmp_path / "run.json").read_text() == result._inner.record
