//! The timesteps of all recorded samples in time: the work of every core and what it sends, given to the timer of a run.

use super::{
    plan::{Cell, Source, Way},
    record::Record,
    table::Table,
};
use crate::{
    Machine, State, TimingMode,
    error::BatchError,
    state::{Sent, Work},
    step::Settings,
    timing::{Time, Timer},
};
use std::sync::Arc;

/// The work of the units in a timestep.
struct Load {
    work: Vec<Work>,
    /// By cell, where neurons are counted one by one.
    counts: Vec<u32>,
}

impl Machine {
    /// Times of the samples in a mode that has them.
    pub(super) fn times(&self, sources: &[Source], record: &Record, mode: TimingMode) -> Result<Vec<Time>, BatchError> {
        let costs = self.costs_in(mode).expect("the caller has looked");
        let settings = Settings {
            layers: &self.layers,
            timesteps: self.timesteps,
            shorter: 0,
            touched_only: record.has_visits() && self.arch.core.sweep == isa::arch::Sweep::Touched,
            read_layer: self.readout.layer(),
            costs: &costs.core,
            range: None,
            timed: true,
            ordered: false,
        };
        let tables = |visits| -> Vec<Vec<Arc<Table>>> {
            let of = |source: &Source| match &source.way {
                Way::Areas(areas) => areas.tables(record, source.layer, visits),
                Way::Neurons(_) => Vec::new(),
            };
            sources.iter().map(of).collect()
        };
        let spikes = tables(false);
        let visits = if settings.touched_only { tables(true) } else { Vec::new() };
        let mut state = self.state();
        let units = 0..self.loaded.units.len() as u32;
        let fresh: Vec<Work> = units.map(|unit| Work { unit, ..Work::default() }).collect();
        let mut load = Load { work: fresh.clone(), counts: Vec::new() };
        let mut times = Vec::with_capacity(record.outcomes.len());
        for sample in 0..record.outcomes.len() {
            let mut timer = Timer::new(&self.loaded, costs, mode);
            for t in 0..self.timesteps {
                state.work.clear();
                state.sent.clear();
                state.input_sent.clear();
                load.work.copy_from_slice(&fresh);
                let step = |t: u32| sample * self.timesteps as usize + t as usize;
                for (source, tables) in sources.iter().zip(&spikes) {
                    for &delay in source.delays.iter().filter(|&&delay| delay <= t) {
                        if let Some(slot) = record.spikes[source.layer].slot(step(t - delay)) {
                            load.arrive(source, (record, tables), slot, delay);
                        }
                    }
                    if let Some(slot) = record.spikes[source.layer].slot(step(t)) {
                        load.emit(source, (record, tables), slot, &mut state);
                    }
                }
                for (source, tables) in sources.iter().zip(&visits) {
                    let streams = record.visits.as_ref().expect("tables were made of them");
                    if let Some(slot) = streams[source.layer].slot(step(t)) {
                        load.visit(source, (record, tables), slot);
                    }
                }
                state.work.extend(load.work.iter().filter(|work| work.events | work.spikes | work.visited > 0));
                timer.step(settings, &state, t).map_err(|error| BatchError::Sample { sample, error })?;
            }
            times.push(timer.finish(self.n_read_values()));
        }
        Ok(times)
    }
}

impl Load {
    /// Events of the spikes of a slot, when they have arrived.
    fn arrive(&mut self, source: &Source, (record, tables): (&Record, &[Arc<Table>]), slot: usize, delay: u32) {
        match &source.way {
            Way::Areas(areas) => {
                let sums = sums(tables, slot);
                for arrival in areas.arrivals.get(&delay).map_or(&[][..], Vec::as_slice) {
                    let events = areas.value(&arrival.events, &sums);
                    if events > 0 {
                        let ticks = areas.value(&arrival.ticks, &sums);
                        for &unit in &arrival.units {
                            let work = &mut self.work[unit as usize];
                            work.events += events as u32;
                            work.synaptic_ticks += ticks;
                        }
                    }
                }
            }
            Way::Neurons(neurons) => {
                for place in record.spikes[source.layer].places(slot) {
                    for hit in neurons.hits(delay, neurons.neuron(place)) {
                        let work = &mut self.work[hit.unit as usize];
                        work.events += 1;
                        work.synaptic_ticks += hit.ticks;
                    }
                }
            }
        }
    }

    /// Spikes of a slot, when they are sent.
    fn emit(&mut self, source: &Source, (record, tables): (&Record, &[Arc<Table>]), slot: usize, state: &mut State) {
        match &source.way {
            Way::Areas(areas) => {
                let sums = sums(tables, slot);
                for (cell, sum) in &areas.cells {
                    self.send(*cell, areas.value(sum, &sums) as u32, state);
                }
            }
            Way::Neurons(neurons) => {
                self.counts.clear();
                self.counts.resize(neurons.cells.len(), 0);
                for place in record.spikes[source.layer].places(slot) {
                    if let Some(cell) = neurons.cell(neurons.neuron(place)) {
                        self.counts[cell] += 1;
                    }
                }
                let counts = std::mem::take(&mut self.counts);
                neurons.cells.iter().zip(&counts).for_each(|(cell, &n)| self.send(*cell, n, state));
                self.counts = counts;
            }
        }
    }

    fn send(&mut self, cell: Cell, n: u32, state: &mut State) {
        if n == 0 {
            return;
        }
        match cell.tile {
            Some((unit, tile)) => {
                self.work[unit as usize].spikes += n;
                state.sent.push(Sent { unit, tile, class: cell.class, n });
            }
            None if !state.input_uses.is_empty() => state.input_sent.push((cell.class, n)),
            None => {}
        }
    }

    /// Neurons visited in a slot.
    fn visit(&mut self, source: &Source, (record, tables): (&Record, &[Arc<Table>]), slot: usize) {
        match &source.way {
            Way::Areas(areas) => {
                let sums = sums(tables, slot);
                for &((unit, _), ref sum) in &areas.tiles {
                    self.work[unit as usize].visited += areas.value(sum, &sums) as u32;
                }
            }
            Way::Neurons(neurons) => {
                let visits = record.visits.as_ref().expect("the caller has looked");
                for place in visits[source.layer].places(slot) {
                    let tile = neurons.cell(neurons.neuron(place)).and_then(|cell| neurons.cells[cell].tile);
                    if let Some((unit, _)) = tile {
                        self.work[unit as usize].visited += 1;
                    }
                }
            }
        }
    }
}

fn sums(tables: &[Arc<Table>], slot: usize) -> Vec<&[u32]> {
    tables.iter().map(|table| table.of(slot)).collect()
}
