//! What a network costs on chips with cores of several sizes: `cargo run --release --manifest-path examples/outside/Cargo.toml`.

use spikeloom::{Chip, DeployOptions, Model, Quiet, RunOptions, datasets::bundled::mnist_test_500};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::open("mnist-small")?;
    let images = mnist_test_500().subset(0..20);
    for neurons in [256, 512, 1024] {
        let mut chip = Chip::open("loihi1")?;
        chip.arch.core.neurons.as_mut().ok_or("its cores are limited")?.value = neurons;
        let deployed = model.deploy(&chip, &DeployOptions::default(), &mut Quiet)?;
        let run = deployed.run(&images, &RunOptions::default(), &mut Quiet)?;
        let right = run.correct().ok_or("the images have classes")?;
        println!("{neurons:4} neurons a core: {right} of {} right, {}", run.record.images, run.price(chip.prices()?)?);
    }
    Ok(())
}
