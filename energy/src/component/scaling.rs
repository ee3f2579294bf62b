//! From the process in which a figure was obtained to the one that a chip is made in.
//!
//! Energy at node n and supply V is `f_n(V) = a·V² + b·V + c`, area at node n a factor on that at 45 nm: Stillmaker and
//! Baas 2017 ("Scaling equations for the accurate prediction of CMOS device performance from 180 nm to 7 nm",
//! Integration 58, tables 5 and 1; circuit simulation with predictive models). Between nodes both are interpolated linearly.
//!
//! Speed follows the alpha-power law (Sakurai and Newton 1990): `(V − V_t)^α / V` with α = 1.3 and V_t = 0.3 V, both
//! assumed for all nodes.

/// Node \[nm\], coefficients a, b, c of energy, area relative to 45 nm.
const NODES: [(f64, [f64; 3], f64); 10] = [
    (7.0, [0.1776, -0.09097, 0.02447], 0.059),
    (10.0, [0.2068, -0.09311, 0.02375], 0.1),
    (14.0, [0.2363, -0.09675, 0.02239], 0.17),
    (16.0, [0.2958, -0.1241, 0.03024], 0.19),
    (20.0, [0.373, -0.1582, 0.04104], 0.21),
    (32.0, [0.9559, -0.7823, 0.471], 0.46),
    (45.0, [1.103, -0.362, 0.2767], 1.0),
    (65.0, [3.755, -4.398, 1.975], 1.5),
    (90.0, [4.762, -4.781, 2.092], 2.8),
    (130.0, [7.171, -6.709, 2.904], 6.4),
];

const THRESHOLD_VOLTS: f64 = 0.3;
const ALPHA: f64 = 1.3;
/// How far a supply may be raised over the stated one.
pub const MOST_OVERDRIVE: f64 = 1.4;
/// The lowest supply that a slower chip is given \[V\].
pub const LEAST_VOLTS: f64 = 0.4;

/// A process at a supply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Process {
    /// Node \[nm\], 7 to 130.
    pub node_nm: f64,
    /// Supply \[V\].
    pub volts: f64,
}

impl Process {
    /// Energy of an operation here, relative to the same operation in `from`.
    pub fn energy_from(self, from: Self) -> f64 {
        self.energy() / from.energy()
    }

    fn energy(self) -> f64 {
        interpolated(self.node_nm, |(_, [a, b, c], _)| a * self.volts * self.volts + b * self.volts + c)
    }

    /// Area of a circuit here, relative to the same circuit at 45 nm.
    pub fn area_from_45_nm(self) -> f64 {
        interpolated(self.node_nm, |(_, _, area)| *area)
    }
}

/// Linear between the two nodes around `node_nm`; that of the nearest node outside.
fn interpolated(node_nm: f64, of: impl Fn(&(f64, [f64; 3], f64)) -> f64) -> f64 {
    let above = NODES.partition_point(|(node, ..)| *node < node_nm);
    match (above.checked_sub(1).map(|i| &NODES[i]), NODES.get(above)) {
        (Some(low), Some(high)) => of(low) + (of(high) - of(low)) * (node_nm - low.0) / (high.0 - low.0),
        (Some(only), None) | (None, Some(only)) => of(only),
        (None, None) => unreachable!("there are nodes"),
    }
}

/// Speed of a circuit at a supply, in an arbitrary unit.
fn speed(volts: f64) -> f64 {
    (volts - THRESHOLD_VOLTS).max(0.0).powf(ALPHA) / volts
}

/// The supply at which a circuit is `ratio` times as fast as at `nominal` volts, and the ratio that it really reaches: the
/// supply stays between [`LEAST_VOLTS`] and [`MOST_OVERDRIVE`] times the nominal one.
pub fn supply(nominal: f64, ratio: f64) -> Supply {
    let (mut low, mut high) = (LEAST_VOLTS.min(nominal), nominal * MOST_OVERDRIVE);
    let reached = |volts: f64| speed(volts) / speed(nominal);
    let clipped = reached(low) > ratio || reached(high) < ratio;
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if reached(middle) < ratio { low = middle } else { high = middle }
    }
    Supply { volts: high, reached: if clipped { reached(high) } else { ratio } }
}

/// A supply and the speed that it gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Supply {
    /// Supply \[V\].
    pub volts: f64,
    /// Speed relative to that at the nominal supply.
    pub reached: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: Process = Process { node_nm: 45.0, volts: 1.1 };

    #[test]
    fn the_authors_own_example_is_met() {
        // Corrigendum of the paper: 65 nm at 1.3 V to 32 nm at 0.9 V; 0.4571 printed is with 32 nm's a = 0.8367.
        let from = Process { node_nm: 65.0, volts: 1.3 };
        assert!((from.energy() - 2.604).abs() < 1e-3, "{}", from.energy());
        let same = REFERENCE.energy_from(REFERENCE);
        assert!((same - 1.0).abs() < 1e-12);
    }

    #[test]
    fn smaller_nodes_cost_less_and_lower_supplies_too() {
        let energies = [130.0, 90.0, 65.0, 45.0, 32.0, 22.0, 14.0, 7.0]
            .map(|node_nm| Process { node_nm, volts: 0.9 }.energy_from(REFERENCE));
        assert!(energies.is_sorted_by(|a, b| a > b), "{energies:?}");
        let areas =
            [130.0, 65.0, 45.0, 28.0, 22.0, 14.0, 7.0].map(|node_nm| Process { node_nm, volts: 0.9 }.area_from_45_nm());
        assert!(areas.is_sorted_by(|a, b| a > b), "{areas:?}");
        let by_supply = [0.6, 0.7, 0.8, 0.9].map(|volts| Process { node_nm: 14.0, volts }.energy_from(REFERENCE));
        assert!(by_supply.is_sorted(), "{by_supply:?}");
    }

    #[test]
    fn a_faster_chip_needs_a_higher_supply_up_to_a_limit() {
        let same = supply(0.75, 1.0);
        assert!((same.volts - 0.75).abs() < 1e-9 && (same.reached - 1.0).abs() < 1e-9, "{same:?}");
        let faster = supply(0.75, 1.3);
        assert!(faster.volts > 0.8 && (faster.reached - 1.3).abs() < 1e-9, "{faster:?}");
        let slower = supply(0.75, 0.7);
        assert!(slower.volts < 0.75, "{slower:?}");
        let too_fast = supply(0.75, 10.0);
        assert!((too_fast.volts - 0.75 * MOST_OVERDRIVE).abs() < 1e-9 && too_fast.reached < 10.0, "{too_fast:?}");
    }
}
