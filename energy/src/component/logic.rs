//! Integer arithmetic and wires of a chip: energy and area.
//!
//! 45 nm at 0.9 V. Horowitz (ISSCC 2014): an addition of 8 and 32 bits takes 0.03 and 0.1 pJ, a multiplication 0.2 and
//! 3.1 pJ; 36 and 137 µm², 282 and 3495 µm². In between, additions follow the number of bits and multiplications the
//! product of the numbers of bits. Wires: 310 pJ for 256 bits over 10 mm at 40 nm and 0.9 V, 0.12 pJ per bit and mm
//! (Keckler et al., IEEE Micro 31(5), 2011). A bit of buffer in a router is a flip-flop with its multiplexer, 8 µm² (a
//! flip-flop alone is 4.5 µm² in the NanGate 45 nm library).
//!
//! Ranges: half to twice the value, because operand widths and activity differ from those measured (assumed).

use super::scaling::Process;
use crate::units::Figure;

/// The process of the figures.
pub const REFERENCE: Process = Process { node_nm: 45.0, volts: 0.9 };

fn scaled(pj: f64, process: Process) -> Figure {
    Figure::within(pj * process.energy_from(REFERENCE), 0.5, 2.0)
}

fn area(um2: f64, process: Process) -> Figure {
    Figure::within(um2 * process.area_from_45_nm(), 0.5, 2.0)
}

/// Adding `addend` bits to a sum of `bits` bits \[pJ\]: the lower bits add, half of the upper ones carry.
pub fn add_pj(addend: u32, bits: u32, process: Process) -> Figure {
    let active = f64::from(addend.min(bits)) + f64::from(bits.saturating_sub(addend)) / 2.0;
    scaled(0.1 / 32.0 * active, process)
}

/// Multiplying two integers \[pJ\].
pub fn multiply_pj(a: u32, b: u32, process: Process) -> Figure {
    scaled(3.1 / 1024.0 * f64::from(a) * f64::from(b), process)
}

/// An adder \[µm²\].
pub fn adder_um2(bits: u32, process: Process) -> Figure {
    area(137.0 / 32.0 * f64::from(bits), process)
}

/// A multiplier \[µm²\].
pub fn multiplier_um2(a: u32, b: u32, process: Process) -> Figure {
    area(3495.0 / 1024.0 * f64::from(a) * f64::from(b), process)
}

/// `bits` bits over `mm` millimetres \[pJ\].
pub fn wire_pj(bits: u32, mm: f64, process: Process) -> Figure {
    scaled(310.0 / 2560.0 * f64::from(bits) * mm, process)
}

/// `bits` bits of router buffer \[µm²\].
pub fn buffer_um2(bits: u64, process: Process) -> Figure {
    area(8.0 * bits as f64, process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_operations_are_met() {
        let close = |got: Figure, want: f64| assert!((got.value / want).ln().abs() < 0.35, "{got:?} against {want}");
        close(add_pj(8, 8, REFERENCE), 0.03);
        close(add_pj(32, 32, REFERENCE), 0.1);
        close(multiply_pj(8, 8, REFERENCE), 0.2);
        close(multiply_pj(32, 32, REFERENCE), 3.1);
        close(adder_um2(8, REFERENCE), 36.0);
        close(multiplier_um2(8, 8, REFERENCE), 282.0);
        close(wire_pj(256, 10.0, REFERENCE), 310.0);
    }

    #[test]
    fn narrow_weights_move_fewer_bits_of_the_adder() {
        let [narrow, wide] = [2, 8].map(|bits| add_pj(bits, 24, REFERENCE).value);
        assert!(narrow < wide, "{narrow} {wide}");
    }
}
