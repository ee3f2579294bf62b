//! Numbers for people: four significant digits and a unit prefix.

/// A quantity with an SI prefix, as in `12.34 µJ`.
pub fn si(value: f64, unit: &str) -> String {
    const PREFIXES: [(f64, &str); 9] = [
        (1e12, "T"),
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, "µ"),
        (1e-9, "n"),
        (1e-12, "p"),
    ];
    if value == 0.0 {
        return format!("0 {unit}");
    }
    // Half of the last digit shown is added so that 999.96 becomes 1.000 k and not 1000.
    let (factor, prefix) = PREFIXES
        .iter()
        .copied()
        .find(|(factor, _)| value.abs() * 1.00005 >= *factor)
        .unwrap_or(PREFIXES[PREFIXES.len() - 1]);
    format!("{} {prefix}{unit}", digits(value / factor))
}

/// Four significant digits.
pub fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 999.95 => 0,
        v if v >= 99.995 => 1,
        v if v >= 9.9995 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// A count or a mean of counts, with thousands separated: `12,345` or `12.3`.
pub fn count(value: f64) -> String {
    if value < 100.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let plain = format!("{value:.0}");
    let mut out = String::new();
    for (i, c) in plain.chars().enumerate() {
        if i > 0 && (plain.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_follow_the_magnitude() {
        assert_eq!(si(1.234_56e-5, "J"), "12.35 µJ");
        assert_eq!(si(0.0, "s"), "0 s");
        assert_eq!(si(999.96, "s"), "1.000 ks");
        assert_eq!(si(3e-14, "J"), "0.030 pJ");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(1_234_567.0), "1,234,567");
        assert_eq!(count(12.34), "12.3");
        assert_eq!(count(999.0), "999");
    }
}
