//! How recorded events are read: binning, down-sampling, polarities, counts.

use clap::{Args as ClapArgs, ValueEnum};
use datasets::recording::Binning;

/// How recorded events are read.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Recorded events")]
pub(crate) struct EventArgs {
    /// Length of a timestep, for events with times, as in 1ms or 500us. Default: 1ms
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) bin: Option<f64>,
    /// Rows and columns of the sensor that become one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) down: Option<u16>,
    /// Increases and decreases of brightness: two channels, one for all, or only one kind. Default: as the input has channels
    #[arg(long, value_enum)]
    pub(crate) polarity: Option<Polarity>,
    /// Columns and rows of the sensor after down-sampling, where the network's input is a vector, as in 34x34
    #[arg(long, value_name = "WxH", value_parser = sides)]
    pub(crate) sensor: Option<Sides>,
    /// Make one spike of several events of a neuron in a timestep
    #[arg(long)]
    pub(crate) clip: bool,
    /// Leave out events that come after the network's last timestep with input
    #[arg(long)]
    pub(crate) cut: bool,
}

/// Columns and rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sides(u16, u16);

/// Which polarities are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Polarity {
    /// Two channels: decreases, increases
    Both,
    /// All in one channel
    Merge,
    /// Increases only
    On,
    /// Decreases only
    Off,
}

impl EventArgs {
    /// What readers need of it.
    pub(crate) fn binning(&self) -> Binning {
        use datasets::recording::Polarity as P;
        Binning {
            bin: self.bin,
            down: self.down,
            polarity: self.polarity.map(|polarity| match polarity {
                Polarity::Both => P::Both,
                Polarity::Merge => P::Merge,
                Polarity::On => P::On,
                Polarity::Off => P::Off,
            }),
            sensor: self.sensor.map(|Sides(width, height)| (width, height)),
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let units = [("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let found = units.iter().find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, factor)));
    let (number, factor) = found.ok_or("a time has a unit: us, ms or s, as in 1ms")?;
    match number.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number * factor),
        _ => Err(format!("`{number}` is no positive number")),
    }
}

fn sides(text: &str) -> Result<Sides, String> {
    let side = |text: &str| text.parse().ok().filter(|&side: &u16| side > 0);
    let pair = text.split_once('x').and_then(|(w, h)| side(w).zip(side(h)));
    pair.map(|(w, h)| Sides(w, h)).ok_or_else(|| "columns and rows are two numbers, as in 34x34".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(seconds("1ms"), Ok(1e-3));
        assert_eq!(seconds("500us"), Ok(500.0 * 1e-6));
        assert!(seconds("3").unwrap_err().contains("unit") && seconds("-1s").is_err() && seconds("infs").is_err());
        assert!(sides("34x34").is_ok() && sides("34").is_err() && sides("0x3").is_err());
    }
}
