//! What a trained network and the history of a run must be before anything relies on them: read from files that nobody vouches for.

use super::network::{Layer, Network};
use super::train::EpochReport;
use crate::kernels::ConvShape;
use base::budget::{Budget, TooLarge};

/// The largest side of a read-out grid: regions are numbered in 8 bits.
const MOST_GRID: usize = 16;
/// Sums of pooled spikes are bytes.
const MOST_SUM: usize = 255;
/// Labels are bytes.
const MOST_CLASSES: usize = 256;

/// The geometry of a layer of a file, and whether the numbers that belong to it can be what they are called.
pub(super) fn layer(layer: &Layer, input: [usize; 3], classes: usize) -> Result<ConvShape, String> {
    if layer.input != input {
        return Err(format!("input is {:?}, but what comes before gives {input:?}", layer.input));
    }
    let [channels, h, w] = input;
    let pool = layer.pool;
    if pool == 0 || pool.saturating_mul(pool).saturating_mul(usize::from(layer.levels)) > MOST_SUM {
        let levels = layer.levels;
        return Err(format!(
            "pool is {pool} with {levels} levels; 1 or more, and at most {MOST_SUM} spikes are summed"
        ));
    }
    let shape =
        ConvShape::checked((h / pool, w / pool), channels, layer.channels, layer.kernel, layer.stride, layer.pad)
            .map_err(|error| error.to_string())?;
    if layer.levels == 0 {
        return Err("levels is 0; a neuron fires at least once at most".into());
    }
    let sum = layer.groups.iter().try_fold(0_usize, |sum, &group| sum.checked_add(group));
    if layer.groups.len() != classes || sum != Some(layer.channels) || layer.groups.contains(&0) {
        return Err(format!("groups do not divide {} channels among {classes} classes", layer.channels));
    }
    let side = shape.out_h().min(shape.out_w()).min(MOST_GRID);
    if !(1..=side).contains(&layer.grid) {
        return Err(format!("grid is {}; maps of {} × {} have 1 to {side}", layer.grid, shape.out_h(), shape.out_w()));
    }
    if !(layer.kappa.is_finite() && layer.kappa > 0.0 && layer.logit_gain.is_finite()) {
        return Err(format!(
            "kappa is {} and logit_gain {}; both are finite, kappa positive",
            layer.kappa, layer.logit_gain
        ));
    }
    let vectors = [
        ("weight", &layer.weight),
        ("mean", &layer.mean),
        ("variance", &layer.variance),
        ("channel_weight", &layer.channel_weight),
        ("channel_bias", &layer.channel_bias),
        ("readout", &layer.readout),
    ];
    if let Some((name, _)) = vectors.iter().find(|(_, values)| values.iter().any(|value| !value.is_finite())) {
        return Err(format!("tensor `{name}` holds a value that is no finite number"));
    }
    if layer.variance.iter().any(|&variance| variance < 0.0) {
        return Err("tensor `variance` holds a negative value".into());
    }
    if let Some(c) = (0..layer.channels).find(|&c| !layer.gain(c).is_finite() || !layer.bias(c).is_finite()) {
        return Err(format!("channel {c}: its gain or bias is beyond single precision"));
    }
    Ok(shape)
}

/// The number of classes of a network.
pub(super) fn classes(classes: usize) -> Result<(), String> {
    if (2..=MOST_CLASSES).contains(&classes) {
        Ok(())
    } else {
        Err(format!("has {classes} classes; give 2 to {MOST_CLASSES}"))
    }
}

impl Network {
    /// Claims the memory that running the network takes, before any of it is allocated.
    ///
    /// # Errors
    /// If there is less: which field of which layer asks for it.
    pub(super) fn claim(&self, shapes: &[ConvShape], budget: &mut Budget) -> Result<(), TooLarge> {
        let long = |n: usize| n as u64;
        for (l, (s, layer)) in shapes.iter().zip(&self.layers).enumerate() {
            let of = |what: &str| format!("layer {l}, field `{what}`");
            budget.claim(&of("input"), &[4 * 2, long(s.padded_pixels()), long(s.in_c)])?;
            budget.claim(&of("channels"), &[4 * 4, long(s.out_pixels()), long(s.out_c)])?;
            budget.claim(&of("kernel"), &[4, long(s.taps()), long(s.in_c), long(s.out_c)])?;
            let regions = long(layer.grid * layer.grid);
            budget.claim(&of("grid"), &[4 * 2, long(self.classes), regions, long(s.out_c)])?;
        }
        Ok(())
    }
}

/// Reports of the epochs 1, 2, … in which each of `depth` layers decides.
pub(crate) fn decisions(history: &[EpochReport], depth: usize) -> Result<(), String> {
    for (i, report) in history.iter().enumerate() {
        let validation = &report.validation;
        let right = [&validation.goodness, &validation.readout];
        if report.epoch != i + 1 || right.map(Vec::len) != [depth; 2] {
            return Err(format!("the report of epoch {} is not one of {depth} layers", i + 1));
        }
        if right.into_iter().flatten().any(|&n| n > validation.images) {
            return Err(format!("the report of epoch {} has more right than there are images", i + 1));
        }
    }
    Ok(())
}

/// As [`decisions`], with everything else that a run of the spiking network reports.
pub(super) fn history(history: &[EpochReport], depth: usize) -> Result<(), String> {
    decisions(history, depth)?;
    for report in history {
        let lengths = [report.loss.len(), report.train_accuracy.len(), report.validation.spikes.len()];
        let mode = report.training_mode.as_ref();
        let watched = mode.is_none_or(|m| m.correct.len() == depth && m.correct.iter().all(|&n| n <= m.images));
        let finite = report.loss.iter().chain(&report.train_accuracy).all(|n| n.is_finite());
        if lengths != [depth; 3] || !watched || !finite {
            return Err(format!(
                "the report of epoch {} is not one of {depth} layers, or holds no numbers",
                report.epoch
            ));
        }
    }
    Ok(())
}
