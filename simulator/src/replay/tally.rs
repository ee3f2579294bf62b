//! The tallies of all recorded samples together, as if they had been one.

use super::{
    plan::{Cell, Source, Way},
    record::{Record, Stream},
};
use crate::{kernel::sparse::ListReads, state::State};

/// Adds the samples that are `graded`, or those that are not, to the tallies of a fresh state.
pub(super) fn fill(state: &mut State, sources: &[Source], record: &Record, graded: bool) {
    for source in sources {
        match &source.way {
            Way::Areas(_) => areas(state, source, record, graded),
            Way::Neurons(_) => neurons(state, source, record, graded),
        }
    }
}

fn spikes(state: &mut State, cell: Cell, n: u64) {
    let class = cell.class as usize;
    match cell.tile {
        Some((unit, tile)) => {
            let tally = &mut state.units[unit as usize].tiles[usize::from(tile)];
            tally.spikes += n;
            tally.class_uses[class] += n;
        }
        None => {
            state.input_events += n;
            if let Some(uses) = state.input_uses.get_mut(class) {
                *uses += n;
            }
        }
    }
}

fn areas(state: &mut State, source: &Source, record: &Record, graded: bool) {
    let Way::Areas(areas) = &source.way else { return };
    let steps = record.timesteps;
    let tables = areas.tables(record, source.layer, false);
    let until = |end: u32| -> Vec<Vec<i64>> { tables.iter().map(|table| table.total(end, graded)).collect() };
    let all = until(steps);
    let all: Vec<&[i64]> = all.iter().map(Vec::as_slice).collect();
    for (cell, sum) in &areas.cells {
        spikes(state, *cell, areas.value(sum, &all));
    }
    if record.has_visits() {
        let visits: Vec<Vec<i64>> =
            areas.tables(record, source.layer, true).iter().map(|table| table.total(steps, graded)).collect();
        let visits: Vec<&[i64]> = visits.iter().map(Vec::as_slice).collect();
        for &((unit, tile), ref sum) in &areas.tiles {
            state.units[unit as usize].tiles[usize::from(tile)].visits += areas.value(sum, &visits);
        }
    }
    for &delay in &source.delays {
        let due = until(steps.saturating_sub(delay));
        let due: Vec<&[i64]> = due.iter().map(Vec::as_slice).collect();
        for heard in areas.heard.iter().filter(|heard| heard.receiver.delay == delay) {
            let events = areas.value(&heard.events, &due);
            state.ring.unprocessed += areas.value(&heard.events, &all) - events;
            let axon = usize::from(heard.receiver.axon);
            let unit = &mut state.units[heard.receiver.unit as usize];
            unit.axon_events[axon] += events;
            for (total, rows) in unit.rows[axon].iter_mut().zip(&heard.rows) {
                *total += areas.value(rows, &due);
            }
        }
    }
}

fn neurons(state: &mut State, source: &Source, record: &Record, graded: bool) {
    let Way::Neurons(neurons) = &source.way else { return };
    let stream = &record.spikes[source.layer];
    let all = fired(stream, record, graded, record.timesteps);
    for (neuron, &n) in all.iter().enumerate().filter(|&(_, &n)| n > 0) {
        if let Some(cell) = neurons.cell(neuron) {
            spikes(state, neurons.cells[cell], n);
        }
    }
    if let Some(visits) = &record.visits {
        let visited = fired(&visits[source.layer], record, graded, record.timesteps);
        for (neuron, &n) in visited.iter().enumerate().filter(|&(_, &n)| n > 0) {
            if let Some((unit, tile)) = neurons.cell(neuron).and_then(|cell| neurons.cells[cell].tile) {
                state.units[unit as usize].tiles[usize::from(tile)].visits += n;
            }
        }
    }
    for &delay in &source.delays {
        let due = fired(stream, record, graded, record.timesteps.saturating_sub(delay));
        for (receiver, heard) in neurons.heard.iter().filter(|(receiver, _)| receiver.delay == delay) {
            let axon = usize::from(receiver.axon);
            let unit = &mut state.units[receiver.unit as usize];
            for heard in heard {
                let n = due[heard.neuron as usize];
                unit.axon_events[axon] += n;
                state.ring.unprocessed += all[heard.neuron as usize] - n;
                for volume in &heard.volumes {
                    let call = usize::from(volume.call);
                    unit.rows[axon][call] += n * volume.rows;
                    let ListReads { lists, words, slots } = volume.reads;
                    unit.lists[axon][call] += ListReads { lists: n * lists, words: n * words, slots: n * slots };
                }
            }
        }
    }
}

/// How often each neuron fired before timestep `end`.
fn fired(stream: &Stream, record: &Record, graded: bool, end: u32) -> Vec<u64> {
    let positions = stream.positions();
    let mut fired = vec![0; usize::from(stream.shape.0) * positions];
    for (sample, _) in record.outcomes.iter().enumerate().filter(|(_, outcome)| outcome.graded == graded) {
        for t in 0..end {
            let Some(slot) = stream.slot(sample * record.timesteps as usize + t as usize) else { continue };
            for (c, position) in stream.places(slot) {
                fired[c * positions + position] += 1;
            }
        }
    }
    fired
}
