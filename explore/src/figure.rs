//! What is known of a point that was costed, with units.

/// A figure of merit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name in files.
    pub name: &'static str,
    /// Its unit; empty for numbers.
    pub unit: &'static str,
    /// What it is.
    pub doc: &'static str,
}

macro_rules! figures {
    ($($name:literal [$unit:literal] $doc:literal;)*) => {
        /// All figures, in the order of tables.
        pub const FIGURES: &[Figure] = &[$(Figure { name: $name, unit: $unit, doc: $doc },)*];
    };
}

figures! {
    "energy" ["J"] "Energy of a sample, everything that the prices derive; the mean.";
    "energy_low" ["J"] "The same at the lowest plausible prices.";
    "energy_high" ["J"] "The same at the highest plausible prices.";
    "dynamic_energy" ["J"] "Energy of a sample without static power and barriers.";
    "latency" ["s"] "Duration of a sample; the mean.";
    "latency_p99" ["s"] "Duration that 99 % of the samples do not exceed.";
    "throughput" ["1/s"] "Samples in a second, one after the other.";
    "edp" ["Js"] "Energy times latency of a sample.";
    "accuracy" ["1"] "Share of right decisions.";
    "area" ["m²"] "Silicon of the chips in use, as the sum of their parts as described; without pads, hosts and sensors.";
    "cores" ["1"] "Cores in use.";
    "chips" ["1"] "Chips in use.";
    "spikes" ["1"] "Spikes of a sample behind the input; the mean.";
    "synaptic_operations" ["1"] "Synaptic operations of a sample; the mean.";
    "deliveries" ["1"] "Events delivered to cores in a sample; the mean.";
    "link_flits" ["1"] "Flits over links in a sample; the mean.";
}

/// The figure called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Figure> {
    FIGURES.iter().find(|figure| figure.name == name)
}
