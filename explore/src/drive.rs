//! A whole search: rounds of points from the sampler, those that are not stored evaluated by a crew, and stored one by one.
//!
//! What a search does depends on the space and the store alone. An interrupted one goes on where it was; several may work on one
//! folder, each on a share of the points.

use crate::{
    answer::{by_network, distinct, pareto::front},
    bench::Bench,
    crew::{Crew, Made, Task},
    record::{PointRecord, Stage},
    sampler::{Told, sampler},
    space::{Point, SamplerKind},
    store::{Store, StoreError},
};
use std::{
    cell::RefCell,
    collections::BTreeSet,
    fmt,
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// A share of the points: the `index`-th of `of`, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

/// How a search goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A round begins: points in it, and those that are stored already.
    Round {
        /// All of them.
        points: usize,
        /// Those to be evaluated.
        pending: usize,
    },
    /// A point was stored.
    Done {
        /// Whether it could be costed.
        costed: bool,
    },
}

/// What a search did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Points asked for.
    pub points: usize,
    /// Those that were stored already.
    pub found: usize,
    /// Those evaluated now.
    pub evaluated: usize,
    /// Whether it was stopped.
    pub stopped: bool,
}

/// Why a search ended.
#[derive(Debug)]
pub enum DriveError {
    /// The folder.
    Store(StoreError),
    /// The space: a link or constraint without a value, or a share of what cannot be shared out.
    Space(String),
    /// Those who evaluate.
    Crew(String),
}

impl fmt::Display for DriveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Space(message) | Self::Crew(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for DriveError {}

impl From<StoreError> for DriveError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A search of a space.
pub struct Drive<'a> {
    /// What points are evaluated with.
    pub bench: &'a Bench,
    /// What is stored.
    pub store: &'a Store,
    /// Who evaluates.
    pub crew: &'a dyn Crew,
    /// The share of the points; all where absent.
    pub shard: Option<Shard>,
    /// When it becomes true, points that are evaluated are finished and no more are begun.
    pub stop: &'a AtomicBool,
}

/// A point with the record it will have.
struct Planned {
    point: Point,
    draft: PointRecord,
    key: String,
}

impl Drive<'_> {
    /// Points that a search would evaluate in its first round, and how many it would find stored.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn plan(&self) -> Result<(Vec<Point>, usize), DriveError> {
        let (mut sampler, fault) = (self.sampler()?, RefCell::new(None));
        let planned = self.planned(&sampler.ask(), Stage::Search, &fault)?;
        let pending = self.pending(&planned)?;
        let found = planned.len() - pending.len();
        Ok((pending.into_iter().map(|planned| planned.point.clone()).collect(), found))
    }

    /// Searches; `event` is called on the threads that work.
    ///
    /// # Errors
    /// If the folder cannot be read or written, if a link or constraint has no value, or if a search that learns from its points
    /// is to be shared out.
    pub fn run(&self, event: &(dyn Fn(Event) + Sync)) -> Result<Summary, DriveError> {
        let fault = RefCell::new(None);
        let mut sampler = self.sampler()?;
        let mut summary = Summary::default();
        let objectives = &self.bench.space().objectives;
        loop {
            let round = sampler.ask();
            if round.is_empty() {
                break;
            }
            let planned = self.planned(&round, Stage::Search, &fault)?;
            self.evaluate(&planned, event, &mut summary)?;
            if summary.stopped {
                return Ok(summary);
            }
            if sampler.learns() {
                let mut told: Vec<Told> = Vec::new();
                for (genome, planned) in round.into_iter().zip(&planned) {
                    let record = self.store.get(&planned.key)?;
                    told.push((genome, record.and_then(|record| record.costs(objectives))));
                }
                sampler.tell(&told);
            }
        }
        if self.bench.space().front_effort.is_some() && self.shard.is_none() {
            self.place_front(event, &mut summary)?;
        }
        Ok(summary)
    }

    fn sampler(&self) -> Result<Box<dyn crate::sampler::Ask + '_>, DriveError> {
        let space = self.bench.space();
        let learns = matches!(space.sampler, SamplerKind::Nsga2 { .. } | SamplerKind::Refined { .. });
        if learns && self.shard.is_some() {
            let message = "this sampler chooses points by the costs of others, so they cannot be shared out; \
                           leave out --shard, or choose Grid, Random or LatinHypercube";
            return Err(DriveError::Space(message.into()));
        }
        let sizes: Vec<usize> = space.axes().iter().map(|axis| axis.values.len()).collect();
        // A point without a value is kept, and reported when it is planned.
        let allowed = |genome: &[usize]| !matches!(self.bench.point(genome), Ok(None));
        Ok(sampler(&space.sampler, sizes, Box::new(allowed)))
    }

    /// The points of a round, in its order; with a share, those of it.
    fn planned(
        &self,
        round: &[Vec<usize>],
        stage: Stage,
        fault: &RefCell<Option<String>>,
    ) -> Result<Vec<Planned>, DriveError> {
        let mine = |i: usize| self.shard.is_none_or(|shard| i % shard.of == shard.index);
        let mut planned = Vec::new();
        for (_, genome) in round.iter().enumerate().filter(|&(i, _)| mine(i)) {
            match self.bench.point(genome) {
                Ok(Some(point)) => {
                    let draft = self.bench.draft(&point, stage);
                    let key = draft.key();
                    planned.push(Planned { point, draft, key });
                }
                Ok(None) => {}
                Err(message) => {
                    fault.borrow_mut().get_or_insert(message);
                }
            }
        }
        match fault.borrow_mut().take() {
            Some(message) => Err(DriveError::Space(message)),
            None => Ok(planned),
        }
    }

    /// Those that are not stored, each once, in an order that compiles little.
    fn pending<'p>(&self, planned: &'p [Planned]) -> Result<Vec<&'p Planned>, DriveError> {
        let mut seen = BTreeSet::new();
        let mut pending = Vec::new();
        for planned in planned.iter().filter(|planned| seen.insert(planned.key.as_str())) {
            if self.store.get(&planned.key)?.is_none() {
                pending.push(planned);
            }
        }
        pending.sort_by_cached_key(|planned| (planned.point.network, self.bench.group(&planned.draft)));
        Ok(pending)
    }

    fn evaluate(
        &self,
        planned: &[Planned],
        event: &(dyn Fn(Event) + Sync),
        summary: &mut Summary,
    ) -> Result<(), DriveError> {
        let pending = self.pending(planned)?;
        event(Event::Round { points: planned.len(), pending: pending.len() });
        summary.points += planned.len();
        summary.found += planned.len() - pending.len();
        let tasks: Vec<Task> = pending
            .iter()
            .map(|planned| Task { point: planned.point.clone(), stage: planned.draft.stage, key: planned.key.clone() })
            .collect();
        let done = AtomicUsize::new(0);
        let failed: Mutex<Option<StoreError>> = Mutex::new(None);
        let keep = |made: Made| {
            if let Err(error) = self.store.put(&made) {
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                return ControlFlow::Break(());
            }
            done.fetch_add(1, Ordering::Relaxed);
            event(Event::Done { costed: made.record.costs(&self.bench.space().objectives).is_some() });
            if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let worked = self.crew.work(self.bench, &tasks, self.stop, &keep);
        if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error.into());
        }
        worked.map_err(DriveError::Crew)?;
        summary.evaluated += done.into_inner();
        summary.stopped = summary.evaluated + summary.found < summary.points && self.stop.load(Ordering::Relaxed);
        Ok(())
    }

    /// Places the points of the front again, with more effort, until all that are on it have been.
    fn place_front(&self, event: &(dyn Fn(Event) + Sync), summary: &mut Summary) -> Result<(), DriveError> {
        let space = self.bench.space();
        loop {
            let records = distinct(self.store.all()?.into_iter().filter(|record| space.holds(record)).collect());
            let mut planned: Vec<Planned> = Vec::new();
            for records in by_network(records).values() {
                let costs: Vec<Option<Vec<f64>>> =
                    records.iter().map(|record| record.costs(&space.objectives)).collect();
                let costed: Vec<usize> = (0..records.len()).filter(|&i| costs[i].is_some()).collect();
                let rows: Vec<&[f64]> = costed.iter().filter_map(|&i| costs[i].as_deref()).collect();
                let on_front = front(&rows).into_iter().map(|i| &records[costed[i]]);
                let again = on_front.filter(|record| record.stage == Stage::Search);
                planned.extend(again.filter_map(|record| self.again(record)));
            }
            if planned.is_empty() {
                return Ok(());
            }
            let before = summary.evaluated;
            self.evaluate(&planned, event, summary)?;
            if summary.stopped || summary.evaluated == before {
                return Ok(());
            }
        }
    }

    fn again(&self, record: &PointRecord) -> Option<Planned> {
        let point = self.bench.find(record)?;
        let draft = self.bench.draft(&point, Stage::Front);
        let key = draft.key();
        Some(Planned { point, draft, key })
    }
}
