//! Spaces of chips: searched on threads here, or by whatever a Python callable hands the points to.

use crate::{
    background::{self, Raised},
    errors::input,
};
use explore::{Bench, Crew, Drive, Event, Keep, Made, Point, Scalar, Shard, Stage, Summary, Task, Threads};
use pyo3::prelude::*;
use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// A value of a parameter.
#[derive(FromPyObject, IntoPyObject)]
enum Word {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl From<Scalar> for Word {
    fn from(value: Scalar) -> Self {
        match value {
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Int(value) => Self::Int(value),
            Scalar::Float(value) => Self::Float(value),
            Scalar::Text(value) => Self::Text(value),
        }
    }
}

impl From<Word> for Scalar {
    fn from(word: Word) -> Self {
        match word {
            Word::Bool(value) => Self::Bool(value),
            Word::Int(value) => Self::Int(value),
            Word::Float(value) => Self::Float(value),
            Word::Text(value) => Self::Text(value),
        }
    }
}

/// A task as Python passes it on: address, index of the chip and of the network, values by path, and whether it is of the front.
type Passed = (String, usize, usize, Vec<(String, Word)>, bool);

fn pass(task: &Task) -> Passed {
    let values = task.point.values.iter().map(|(path, value)| (path.clone(), value.clone().into())).collect();
    (task.key.clone(), task.point.chip, task.point.network, values, task.stage == Stage::Front)
}

fn wrong(py: Python<'_>, error: &anyhow::Error) -> PyErr {
    input(py, cli::paragraph(error))
}

/// A space with what its points are evaluated with.
#[pyclass(module = "spikeloom._spikeloom", frozen)]
pub(crate) struct Search {
    search: cli::search::Search,
}

#[pymethods]
impl Search {
    /// The space in a file, or in its text, which then stands for the file.
    #[staticmethod]
    #[pyo3(signature = (path, text=None))]
    fn _open(py: Python<'_>, path: PathBuf, text: Option<String>) -> PyResult<Self> {
        let opened = py.detach(|| match text {
            Some(text) => cli::search::Search::of_text(&path, text),
            None => cli::search::Search::open(&path),
        });
        opened.map(|search| Self { search }).map_err(|e| wrong(py, &e))
    }

    /// The space as it was written.
    #[getter]
    fn text(&self) -> &str {
        &self.search.text
    }

    /// The folder of the points, unless another is chosen.
    #[getter]
    fn folder(&self) -> PathBuf {
        self.search.folder()
    }

    /// Evaluates a task; returns the bytes that are stored of it.
    fn _evaluate(&self, py: Python<'_>, task: Passed) -> PyResult<String> {
        let (key, chip, network, values, front) = task;
        let space = self.search.bench.space();
        if chip >= space.chips.len() || network >= space.networks.len() {
            return Err(input(py, format!("task: {key} is of another space")));
        }
        let values = values.into_iter().map(|(path, word)| (path, word.into())).collect();
        let stage = if front { Stage::Front } else { Stage::Search };
        let point = Point { chip, network, values };
        Ok(py.detach(|| self.search.bench.evaluate(&point, stage).to_text()))
    }

    /// Searches into a folder, and writes its table; returns how many points there are, were stored, and were evaluated.
    ///
    /// `crew`, if given, is called with a list of tasks and yields pairs of address and stored bytes; else threads work here.
    fn _run(
        &self,
        py: Python<'_>,
        folder: PathBuf,
        threads: usize,
        shard: Option<(usize, usize)>,
        crew: Option<Py<PyAny>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(usize, usize, usize)> {
        let store = self.search.store(&folder).map_err(|e| wrong(py, &e))?;
        let raised = Raised::default();
        let shard = shard.map(|(index, of)| Shard { index, of });
        let (done, of) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let event = |event: Event| {
            match event {
                Event::Round { pending, .. } => of.fetch_add(pending, Ordering::Relaxed),
                Event::Done { .. } => done.fetch_add(1, Ordering::Relaxed),
            };
            raised.tell(progress.as_ref(), "explore", done.load(Ordering::Relaxed), of.load(Ordering::Relaxed));
        };
        let drive = |crew: &dyn Crew| {
            Drive { bench: &self.search.bench, store: &store, crew, shard, stop: raised.stop() }.run(&event)
        };
        let searched = match &crew {
            // What hands points on waits in Python, which sees Ctrl-C itself.
            Some(callable) => py.detach(|| drive(&Handing { callable, raised: &raised })),
            None => background::run(py, &raised, || drive(&Threads(threads))),
        };
        if let Some(error) = raised.take() {
            return Err(error);
        }
        let Summary { points, found, evaluated, .. } = searched.map_err(|e| input(py, e.to_string()))?;
        cli::search::write_table(&folder).map_err(|e| wrong(py, &e))?;
        Ok((points, found, evaluated))
    }

    fn __repr__(&self) -> String {
        let space = self.search.bench.space();
        format!("Search({:?}, {} objectives)", space.name, space.objectives.len())
    }
}

/// A crew that hands its tasks to Python.
struct Handing<'a> {
    callable: &'a Py<PyAny>,
    raised: &'a Raised,
}

impl Crew for Handing<'_> {
    fn work(&self, _: &Bench, tasks: &[Task], _: &AtomicBool, keep: &Keep<'_>) -> Result<(), String> {
        if tasks.is_empty() {
            return Ok(());
        }
        let handed = Python::attach(|py| -> PyResult<()> {
            let passed: Vec<Passed> = tasks.iter().map(pass).collect();
            let yielded = self.callable.bind(py).call1((passed,))?.try_iter()?;
            for pair in &yielded {
                let (key, text): (String, String) = pair?.extract()?;
                let made = Made::read(&key, text).map_err(|e| input(py, e.to_string()))?;
                if py.detach(|| keep(made)).is_break() {
                    // A generator takes back what it has handed on.
                    yielded.call_method0("close").map(drop)?;
                    break;
                }
            }
            Ok(())
        });
        handed.map_err(|error| {
            let message = error.to_string();
            self.raised.keep(error);
            message
        })
    }
}

/// What the points of a folder answer, as a JSON text.
#[pyfunction]
pub(crate) fn _answers(py: Python<'_>, folder: PathBuf) -> PyResult<String> {
    cli::search::answered(&folder).map(|answers| answers.to_string()).map_err(|e| wrong(py, &e))
}
