//! Limited input queues: how full they were and how long packets waited in front of them, or that this was not asked.

use super::number::si;
use isa::{Arch, Program};
use serde::Serialize;
use simulator::QueueTime;
use spikeloom::{Run, Spread};
use std::fmt::Write;

/// What a timed run on a chip with limited input queues says about them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Queues {
    /// Fewest and most events that the queue of a core in use holds.
    pub(crate) limit_events: (u64, u64),
    /// What happened; absent where the queues were not followed.
    pub(crate) measured: Option<Measured>,
    #[serde(skip)]
    per_event: bool,
}

/// What happened to the queues.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    /// Most events in a queue at once, over all images.
    pub(crate) peak_events: u64,
    /// Time that packets waited in front of full queues, summed over cores \[s\].
    pub(crate) stalled: Spread,
}

impl Queues {
    /// `None` if no queue is limited, or no time was derived.
    pub(crate) fn of(program: &Program, arch: &Arch, run: &Run) -> Option<Self> {
        let limits = || program.cores.iter().filter_map(|image| arch.queue_events(image.core));
        let limit_events = (limits().min()?, limits().max()?);
        run.record.seconds?;
        let seen: Option<Vec<QueueTime>> = run.samples.iter().map(|sample| sample.queue).collect();
        let seconds = |ticks: u64| ticks as f64 * arch.tick_ps.value as f64 * 1e-12;
        let measured = seen.map(|seen| Measured {
            peak_events: seen.iter().map(|queue| queue.peak).max().unwrap_or(0),
            stalled: Spread::of(seen.iter().map(|queue| seconds(queue.stalled))),
        });
        Some(Self { limit_events, measured, per_event: arch.core.is_event_driven() })
    }

    /// Its line of the report; `sample` is what one sample is.
    pub(crate) fn write(&self, sample: &str, out: &mut String) {
        let limit = match self.limit_events {
            (1, 1) => "1 event".into(),
            (least, most) if least == most => format!("{most} events"),
            (least, most) => format!("{least} to {most} events"),
        };
        let _ = match &self.measured {
            Some(m) => writeln!(
                out,
                "queues       of {limit}: at most {} in one, packets waited {} per {sample} in front of full ones (sum of cores)",
                m.peak_events,
                si(m.stalled.mean, "s")
            ),
            None if self.per_event => {
                writeln!(
                    out,
                    "queues       of {limit}, but the latency above knows no full queues: no mode does on this chip"
                )
            }
            None => writeln!(
                out,
                "queues       of {limit}: the latency above estimates what full ones cost; --mode cycle follows them"
            ),
        };
    }
}
