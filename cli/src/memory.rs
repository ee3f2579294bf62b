//! `--max-memory`: how much a command may allocate for what its files ask for.

use isa::budget::Budget;

/// Memory taken to be there where the system does not tell \[bytes\].
const UNKNOWN: u64 = 8 << 30;

/// The budget that was asked for; three quarters of the machine otherwise.
pub(crate) fn budget(asked: Option<u64>) -> Budget {
    Budget::bytes(asked.unwrap_or_else(|| installed().unwrap_or(UNKNOWN) / 4 * 3))
}

/// Memory of the machine \[bytes\], where the system tells (Linux).
fn installed() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib: u64 =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// Reads a size such as `512M`, `8G` or a number of bytes.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().trim_end_matches("IB") {
        "" | "B" => 0,
        "K" | "KB" => 10,
        "M" | "MB" => 20,
        "G" | "GB" => 30,
        "T" | "TB" => 40,
        unit => return Err(format!("`{unit}` is no unit; use K, M, G or T, as in 8G")),
    };
    let number: u64 = digits.parse().map_err(|_| "not a size; write it as in 8G".to_owned())?;
    number
        .checked_mul(1 << shift)
        .filter(|&bytes| bytes > 0)
        .ok_or_else(|| "not a size between 1 byte and 16 EiB".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1024() {
        let sizes = ["1", "512M", "8G", "8GiB", "3gb", "2T"].map(|text| size(text).expect("a size"));
        assert_eq!(sizes, [1, 512 << 20, 8 << 30, 8 << 30, 3 << 30, 2 << 40]);
        for wrong in ["", "G", "-1", "1.5G", "8X", "0", "99999999T"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
