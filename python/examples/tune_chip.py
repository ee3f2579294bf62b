"""Tunes a chip for a network with Optuna: little energy, little time, and as accurate as it is.

    pip install ./python optuna
    python python/examples/tune_chip.py --trials 60
    python python/examples/tune_chip.py --trials 60 --storage sqlite:///tune.db      # several at once share one study

Every trial changes Loihi 1: neurons of a core with the memories that they need, lanes with the banks that they need, bits of a weight. Prices follow the
chip (`scaled:loihi1`). A chip that does not hold the network is a pruned trial, with the reasons.
"""

import argparse

import optuna

import spikeloom


def chip_of(trial: optuna.Trial) -> spikeloom.Chip:
    neurons = trial.suggest_categorical("core.neurons", [128, 256, 512, 1024, 2048])
    lanes = trial.suggest_categorical("core.lanes", [1, 2, 4, 8])
    changes = {
        "core__neurons": neurons,
        "core__memories__state__bits": 24 * neurons,
        "core__memories__params__bits": 160 * neurons,
        "core__lanes": lanes,
        "core__memories__state__banks": lanes,
    }
    return spikeloom.Chip("loihi1", prices="scaled:loihi1").with_(**changes)


def study(trials: int, samples: int, storage: str | None = None, seed: int | None = 1) -> optuna.Study:
    """A study of so many trials on so many samples."""
    network = spikeloom.load("mnist-small")
    x, y = spikeloom.mnist_sample()
    x, y = x[:samples], y[:samples]

    def objective(trial: optuna.Trial) -> tuple[float, float, float]:
        bits = trial.suggest_int("weight_bits", 3, 8)
        try:
            program = network.compile(chip_of(trial), weight_bits=bits)
        except spikeloom.DoesNotFitError as error:
            trial.set_user_attr("reasons", error.reasons)
            raise optuna.TrialPruned(error.reasons[0]) from error
        result = program.run(x, labels=y, threads=1)
        trial.set_user_attr("cores", program.cores)
        return float(result.energy), float(result.latency), result.accuracy

    found = optuna.create_study(
        study_name="loihi1-for-mnist-small",
        directions=["minimize", "minimize", "maximize"],
        sampler=optuna.samplers.NSGAIISampler(seed=seed, population_size=12),
        storage=storage,
        load_if_exists=True,
    )
    found.optimize(objective, n_trials=trials)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--storage", help="a database that several processes share")
    given = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    found = study(given.trials, given.samples, given.storage, None if given.storage else 1)
    print("   energy   latency  right  cores  chip")
    for trial in sorted(found.best_trials, key=lambda trial: trial.values[0]):
        energy, latency, accuracy = trial.values
        print(f"{energy * 1e6:6.1f} µJ {latency * 1e3:6.3f} ms {100 * accuracy:5.1f} %  {trial.user_attrs['cores']:5}  {trial.params}")


if __name__ == "__main__":
    main()
