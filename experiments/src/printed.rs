//! Table 1 of the FFGAF-SNN paper (Xu et al. 2025, arXiv 2507.23643), as printed: its header says "Test Er. (%)", its values are
//! accuracies. And three results of others that the table does not hold.

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printed {
    /// How the table groups its rows.
    pub(super) family: &'static str,
    pub(super) method: &'static str,
    pub(super) architecture: &'static str,
    pub(super) mnist: Option<Accuracy>,
    pub(super) fashion_mnist: Option<Accuracy>,
    pub(super) cifar10: Option<Accuracy>,
    /// Where it stands if not in the table.
    pub(super) elsewhere: Option<&'static str>,
}

/// A cell pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accuracy {
    /// Test accuracy \[%\].
    pub(super) percent: f64,
    /// Epochs, where printed.
    pub(super) epochs: Option<usize>,
}

/// The paper's own method, as the table calls it.
pub(super) const OURS: &str = "FFGAF-SNN-ours";

#[allow(clippy::unnecessary_wraps, reason = "it writes a cell, and cells may be empty")]
const fn at(percent: f64, epochs: usize) -> Option<Accuracy> {
    Some(Accuracy { percent, epochs: Some(epochs) })
}

#[allow(clippy::unnecessary_wraps, reason = "it writes a cell, and cells may be empty")]
const fn of(percent: f64) -> Option<Accuracy> {
    Some(Accuracy { percent, epochs: None })
}

const fn row(
    family: &'static str,
    method: &'static str,
    architecture: &'static str,
    cifar10: Option<Accuracy>,
    mnist: Option<Accuracy>,
    fashion_mnist: Option<Accuracy>,
) -> Printed {
    Printed { family, method, architecture, mnist, fashion_mnist, cifar10, elsewhere: None }
}

/// Every row: CIFAR-10, MNIST, Fashion-MNIST as in the table's columns. The table's second FFGAF-SNN row repeats the first.
pub(super) const ROWS: [Printed; 19] = [
    row("BP", "Taylor et al.", "SNN", None, at(97.91, 140), at(89.05, 140)),
    row("BP", "Wang Jing et al.", "CSNN", None, of(99.0), None),
    row("Un BP", "FFF", "CNN", at(46.04, 200), at(97.16, 100), None),
    row("Un BP", "DRTP", "MLP", at(73.1, 100), at(98.98, 100), None),
    row("Un BP", "aDFA", "SNN", None, at(98.01, 20), at(87.43, 20)),
    row("Un BP", "sym-STDP", "SNN", None, at(96.73, 120), at(85.31, 120)),
    row("Un BP", "SDNN", "CSNN", None, of(98.4), None),
    row("FF", "FF*", "MLP", at(54.89, 200), at(98.2, 100), None),
    row("FF", "PFF", "RNN", None, of(98.66), of(89.6)),
    row("FF", "SymBa", "MLP", at(59.09, 120), at(98.58, 120), None),
    row("FF", "FFCL", "MLP", at(49.93, 50), at(97.23, 50), at(89.71, 50)),
    row("FF", "Layer Collaboration", "MLP", at(48.4, 150), at(98.8, 150), at(88.4, 150)),
    row("FF", "CaFo", "CNN", at(67.43, 5000), at(98.80, 5000), None),
    row("FF", "CwComp*", "CNN", at(75.28, 100), at(99.27, 30), at(91.79, 50)),
    row("FF", OURS, "CSNN", at(75.64, 100), at(99.58, 30), at(92.13, 50)),
    row("FF-SNN", "Ororbias", "SNN", None, at(97.58, 30), None),
    row("FF-SNN", "Ghader et al.", "SNN", at(54.03, 300), at(98.34, 300), at(90.27, 300)),
    row("FF-SNN", "Terres et al.", "SNN", of(69.86), of(97.77), of(85.75)),
    row("FF-SNN", OURS, "CSNN", at(75.64, 100), at(99.58, 30), at(92.13, 50)),
];

/// Results that the table does not hold.
pub(super) const ELSEWHERE: [Printed; 3] = [
    Printed {
        elsewhere: Some("Papachristodoulou et al., AAAI 2024, channels 20-80-240-480; not in the paper's table"),
        ..row("FF", "CwComp", "CNN", of(78.11), of(99.42), of(92.31))
    },
    Printed {
        elsewhere: Some("Hinton 2022 (arXiv 2212.13345), four layers of 2000; not in the paper's table"),
        ..row("FF", "FF", "MLP", None, at(98.64, 60), None)
    },
    Printed {
        elsewhere: Some("Chen et al. 2024 (arXiv 2409.11593, abstract); not in the paper's table"),
        ..row("FF", "SCFF", "CNN", of(80.75), of(98.7), None)
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_rows_of_the_papers_method_agree_and_values_are_accuracies() {
        let ours: Vec<&Printed> = ROWS.iter().filter(|r| r.method == OURS).collect();
        assert_eq!(ours.len(), 2);
        let cells = |r: &Printed| [r.mnist, r.fashion_mnist, r.cifar10].map(|a| a.map(|a| a.percent.to_bits()));
        assert_eq!(cells(ours[0]), cells(ours[1]));
        for r in ROWS.iter().chain(&ELSEWHERE) {
            assert!(
                [r.mnist, r.fashion_mnist, r.cifar10].into_iter().flatten().all(|a| (40.0..100.0).contains(&a.percent))
            );
        }
    }
}
