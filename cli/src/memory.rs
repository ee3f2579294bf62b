//! `--max-memory`: how much a command may allocate for what its files ask for.

/// Memory taken to be there where the system does not tell \[bytes\].
const UNKNOWN: u64 = 8 << 30;

/// Sets the limit of the process: the one that was asked for; three quarters otherwise of the machine, or of what the process may
/// have of it.
pub(crate) fn limit(asked: Option<u64>) {
    let installed = installed().unwrap_or(UNKNOWN);
    let least = [group(), own()].into_iter().flatten().fold(installed, u64::min);
    base::budget::set_limit(asked.unwrap_or(least / 4 * 3));
}

fn text(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// Memory of the machine \[bytes\], where the system tells (Linux).
fn installed() -> Option<u64> {
    let text = text("/proc/meminfo")?;
    let kib: u64 =
        text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The limit of the control group \[bytes\], if it has one (a container on Linux).
fn group() -> Option<u64> {
    text("/sys/fs/cgroup/memory.max")?.trim().parse().ok()
}

/// The limit of this process's addresses \[bytes\], if it has one (`ulimit -v` on Linux).
fn own() -> Option<u64> {
    let text = text("/proc/self/limits")?;
    text.lines().find_map(|line| line.strip_prefix("Max address space"))?.split_whitespace().next()?.parse().ok()
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
