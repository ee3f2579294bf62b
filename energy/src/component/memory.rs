//! An on-chip memory as built: energy of an access, area.
//!
//! Fits through memories computed with CACTI 7 (Balasubramonian et al. 2017; 45 nm, low-standby-power devices, 1.1 V,
//! 300 K; 1 KiB to 4 MiB, words of 8 to 512 bits; `energy/data/cacti7_sram_45nm.csv`, made by `scripts/cacti_sram.py`), with
//! S the size \[KiB\], w the word \[bits\], n the size \[bits\], B the banks:
//!
//! | | single port | one read and one write port | banks |
//! |---|---|---|---|
//! | read \[pJ\] | (0.65 + 0.017·w)·S^0.56 | × 1.55 | × B^0.05 |
//! | write \[pJ\] | (0.65 + 0.037·w)·S^0.50 | × 1.49 | × B^0.05 |
//! | area \[µm²\] | 0.45·n + 17·w | × 2.05 | × B^0.2 |
//!
//! Root mean square deviation of a fit from its points: a factor of 1.2. The range of an energy reaches from there to
//! 2.6 times the value, where Horowitz (ISSCC 2014) puts 8 KiB (10 pJ for 64 bits at 45 nm and 0.9 V); that of an area from
//! there to 1.6 times, for small macros, whose rings and tests CACTI leaves out (assumed).

use super::scaling::Process;
use crate::units::Figure;
use isa::arch::{Memory, Ports};

/// The process of the fits.
pub const REFERENCE: Process = Process { node_nm: 45.0, volts: 1.1 };

/// A memory as built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Built {
    /// Capacity \[bits\].
    pub bits: u64,
    /// Word \[bits\].
    pub word_bits: u32,
    /// Ports.
    pub ports: Ports,
    /// Banks.
    pub banks: u32,
}

impl Built {
    /// A described memory of `bits` bits; one without words is accessed by `datum` bits.
    pub fn new(memory: &Memory, bits: u64, datum: u32) -> Self {
        let word_bits = if memory.word_bits == 0 { datum } else { memory.word_bits };
        Self { bits: bits.max(u64::from(word_bits)), word_bits, ports: memory.ports, banks: memory.banks.max(1) }
    }

    fn two_ports(&self, factor: f64) -> f64 {
        if self.ports == Ports::OneReadOneWrite { factor } else { 1.0 }
    }

    fn access(&self, per_bit: f64, exponent: f64, two_ports: f64, process: Process) -> Figure {
        let kib = self.bits as f64 / 8192.0;
        let pj = (0.65 + per_bit * f64::from(self.word_bits)) * kib.powf(exponent);
        let built = self.two_ports(two_ports) * f64::from(self.banks).powf(0.05);
        Figure::within(pj * built * process.energy_from(REFERENCE), 1.0 / 1.2, 2.6)
    }

    /// Energy of reading a word \[pJ\].
    pub fn read_pj(&self, process: Process) -> Figure {
        self.access(0.017, 0.56, 1.55, process)
    }

    /// Energy of writing a word \[pJ\].
    pub fn write_pj(&self, process: Process) -> Figure {
        self.access(0.037, 0.50, 1.49, process)
    }

    /// Area \[µm²\].
    pub fn area_um2(&self, process: Process) -> Figure {
        let plain = 0.45 * self.bits as f64 + 17.0 * f64::from(self.word_bits);
        let built = plain * self.two_ports(2.05) * f64::from(self.banks).powf(0.2);
        Figure::within(built * process.area_from_45_nm(), 1.0 / 1.2, 1.6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Point {
        built: Built,
        read_pj: f64,
        write_pj: f64,
        area_um2: f64,
    }

    /// The computed memories of low-standby-power devices at 300 K.
    fn computed() -> Vec<Point> {
        let rows = include_str!("../../data/cacti7_sram_45nm.csv").lines().skip(1);
        let rows = rows.map(|line| line.split(',').collect::<Vec<_>>());
        let rows = rows.filter(|row| row[4] == "lstp" && row[5] == "300");
        rows.map(|row| {
            let number = |i: usize| row[i].parse::<f64>().expect("a number");
            let ports = if row[2] == "1rw" { Ports::OneReadWrite } else { Ports::OneReadOneWrite };
            let (bits, word_bits, banks) = (number(0) as u64 * 8, number(1) as u32, number(3) as u32);
            let built = Built { bits, word_bits, ports, banks };
            Point { built, read_pj: number(6), write_pj: number(7), area_um2: number(9) * 1e6 }
        })
        .collect()
    }

    /// Root mean square of the logarithm of fit over point, as a factor.
    fn deviation(ratios: impl Iterator<Item = f64>) -> f64 {
        let squares: Vec<f64> = ratios.map(|ratio| ratio.ln().powi(2)).collect();
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt().exp()
    }

    #[test]
    fn the_fits_hold_the_computed_memories() {
        let points = computed();
        let plain: Vec<&Point> =
            points.iter().filter(|p| p.built.banks == 1 && p.built.ports == Ports::OneReadWrite).collect();
        assert!(plain.len() >= 70, "{}", plain.len());
        let read = deviation(plain.iter().map(|p| p.built.read_pj(REFERENCE).value / p.read_pj));
        let write = deviation(plain.iter().map(|p| p.built.write_pj(REFERENCE).value / p.write_pj));
        let area = deviation(plain.iter().map(|p| p.built.area_um2(REFERENCE).value / p.area_um2));
        println!("rms factors: read {read:.3}, write {write:.3}, area {area:.3} over {} memories", plain.len());
        assert!(read < 1.2 && write < 1.2 && area < 1.2, "{read} {write} {area}");
        let all = deviation(points.iter().map(|p| p.built.read_pj(REFERENCE).value / p.read_pj));
        let areas = deviation(points.iter().map(|p| p.built.area_um2(REFERENCE).value / p.area_um2));
        println!("with ports and banks: read {all:.3}, area {areas:.3} over {} memories", points.len());
        assert!(all < 1.3 && areas < 1.3, "{all} {areas}");
    }

    #[test]
    fn horowitz_lies_within_the_range() {
        let at = Process { node_nm: 45.0, volts: 0.9 };
        for (kib, pj) in [(8, 10.0), (32, 20.0), (1024, 100.0)] {
            let built = Built { bits: kib * 8192, word_bits: 64, ports: Ports::OneReadWrite, banks: 1 };
            let read = built.read_pj(at);
            println!("{kib} KiB, 64 bits: {:.2} pJ ({:.2} to {:.2}), Horowitz {pj}", read.value, read.low, read.high);
            assert!(read.low <= pj && pj <= read.high, "{kib} KiB: {read:?}");
        }
    }
}
