//! What the passes from integers to a program work on: a network, a chip, and what the passes so far have made of them.

use crate::{
    activity::Activity,
    check,
    demand::{Capacity, Resource},
    diagnostics::{Diagnostics, Violations},
    nets::nets,
    observe::Advance,
    partition::Partition,
    pass::{
        balance::{balance, critical_work},
        cut::{Cuts, Cutting, orders},
        emit,
        fit::{Fitted, Task, fit},
        legalize::legalize,
        place::{Placed, place},
        renumber::{Orders, renumber},
        route::{Routing, route},
        store::store,
        tile::Tiler,
        verify::sound,
    },
    pipeline::{Compiled, Options},
    placement::{Layout, Placement},
    reports::{Reports, Utilization},
    targets::Targets,
};
use ir::{Graph, Quantized};
use isa::{Arch, Program};
use std::borrow::Cow;

/// A quantized network on its way onto a chip. What a pass makes is there once it ran; the list of passes ([`crate::passes`])
/// is their order.
pub(crate) struct Mapping<'a> {
    /// The network as it came.
    pub(crate) network: &'a Graph<Quantized>,
    /// The chip.
    pub(crate) arch: &'a Arch,
    options: &'a Options,
    activity: Cow<'a, Activity>,
    /// Stored width of each projection's weights.
    pub(crate) bits: Vec<u32>,
    /// What general populations are cut into.
    pub(crate) cuts: Cuts,
    /// The order of each population's neurons in which parts are ranges.
    pub(crate) orders: Orders,
    /// The network in that order.
    pub(crate) graph: Cow<'a, Graph<Quantized>>,
    fitted: Option<Fitted>,
    placed: Option<Placed>,
    routing: Option<Routing>,
    program: Option<Program>,
}

impl<'a> Mapping<'a> {
    /// A network before the first pass.
    ///
    /// # Errors
    /// If it breaks a rule of `docs/semantics.md`.
    pub(crate) fn new(
        network: &'a Graph<Quantized>,
        arch: &'a Arch,
        options: &'a Options,
    ) -> Result<Self, Diagnostics> {
        sound(network)?;
        let assumed = || Cow::Owned(Activity::assumed(network));
        Ok(Self {
            network,
            arch,
            options,
            activity: options.activity.as_ref().map_or_else(assumed, Cow::Borrowed),
            bits: Vec::new(),
            cuts: Vec::new(),
            orders: Vec::new(),
            graph: Cow::Borrowed(network),
            fitted: None,
            placed: None,
            routing: None,
            program: None,
        })
    }

    fn task(&self) -> Task<'_> {
        Task { graph: self.network, arch: self.arch, activity: &self.activity, cutting: self.options.cutting }
    }

    /// Where the chip cannot express the network, whatever does not fit either is said too, at the widest weights that a core stores.
    pub(crate) fn legalize(&mut self) -> Result<(), Diagnostics> {
        self.bits = legalize(self.network, self.arch).map_err(|mut found| {
            let widest = self.arch.core.weight_bits.iter().copied().max().unwrap_or(1);
            let bits = store(self.network, self.arch).unwrap_or_else(|_| vec![widest; self.network.n_projections()]);
            let task = Task { cutting: Cutting::default(), ..self.task() };
            found.0.extend(fit(&task, &bits, &task.cut(&bits)).err().unwrap_or_default().0);
            found
        })?;
        Ok(())
    }

    pub(crate) fn cut(&mut self) {
        self.cuts = self.task().cut(&self.bits);
    }

    pub(crate) fn renumber(&mut self) {
        self.orders = orders(&self.cuts);
        if self.orders.iter().any(Option::is_some) {
            self.graph = Cow::Owned(renumber(self.network, &self.orders));
        }
    }

    pub(crate) fn tile(&mut self) -> Result<(), Diagnostics> {
        self.fitted = Some(fit(&self.task(), &self.bits, &self.cuts)?);
        Ok(())
    }

    pub(crate) fn balance(&mut self) {
        if let Some(fitted) = self.fitted.take_if(|_| self.options.balance) {
            let tiler = Tiler::new(self.network, self.arch, &self.bits, &self.activity);
            self.fitted = Some(balance(&tiler, &self.cuts, fitted));
        }
    }

    pub(crate) fn place(&mut self, advance: Advance<'_>) -> Result<(), Diagnostics> {
        let (graph, options, fitted) = (&*self.graph, self.options, self.fitted());
        let activity = self.activity.clone().into_owned().renumbered(&self.orders);
        let nets = nets(&Targets::new(graph, &fitted.partition), &activity);
        let demands = fitted.cluster_demands();
        let placed = place(graph, self.arch, &fitted.partition, &demands, &nets, options, advance)?;
        self.placed = Some(placed);
        Ok(())
    }

    pub(crate) fn route(&mut self) {
        self.routing = Some(route(&self.layout()));
    }

    pub(crate) fn emit(&mut self) -> Result<(), Diagnostics> {
        let mut program = emit::emit(&self.layout(), &self.bits, self.routing());
        for (layer, order) in program.layers.iter_mut().zip(&self.orders) {
            layer.numbers = order.clone().unwrap_or_default();
        }
        emit::tables_fit(&program, self.arch)?;
        self.program = Some(program);
        Ok(())
    }

    pub(crate) fn check_partition(&self) -> Violations {
        check::partition::check(&self.graph, self.arch, &self.bits, self.partition())
    }

    pub(crate) fn fitted(&self) -> &Fitted {
        self.fitted.as_ref().expect("tile ran")
    }

    pub(crate) fn partition(&self) -> &Partition {
        &self.fitted().partition
    }

    pub(crate) fn placed(&self) -> &Placed {
        self.placed.as_ref().expect("place ran")
    }

    pub(crate) fn placement(&self) -> &Placement {
        &self.placed().placement
    }

    pub(crate) fn layout(&self) -> Layout<'_> {
        Layout { graph: &self.graph, arch: self.arch, partition: self.partition(), placement: self.placement() }
    }

    pub(crate) fn routing(&self) -> &Routing {
        self.routing.as_ref().expect("route ran")
    }

    pub(crate) fn program(&self) -> &Program {
        self.program.as_ref().expect("emit ran")
    }

    /// What all passes together made.
    pub(crate) fn compiled(self) -> Compiled {
        let reports = self.reports();
        Compiled {
            quantized: self.network.clone(),
            orders: self.orders,
            partition: self.fitted.expect("tile ran").partition,
            placement: self.placed.expect("place ran").placement,
            routing: self.routing.expect("route ran"),
            program: self.program.expect("emit ran"),
            reports,
        }
    }

    fn reports(&self) -> Reports {
        let (capacity, fitted) = (Capacity::of(self.arch), self.fitted());
        let binding: Vec<(Resource, f64)> =
            fitted.cluster_demands().iter().filter_map(|demand| capacity.binding(demand)).collect();
        let fills: Vec<f64> = binding.iter().map(|b| b.1).collect();
        let work = fitted.cluster_work();
        Reports {
            layers: Vec::new(),
            placements: self.placed().costs.clone(),
            utilization: Utilization {
                mean: mean(&fills),
                max: binding.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)),
            },
            work: (work.iter().copied().fold(0.0, f64::max), mean(&work)),
            critical_work: critical_work(&self.graph, fitted),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}
