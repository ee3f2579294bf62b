//! Rules of neurons given as lists of operations.

use super::{Cx, Rule};
use crate::{
    neuron::{Action, NeuronList},
    op::NeuronDescriptor,
};

impl Cx<'_> {
    pub(super) fn list(&mut self, entity: &str, d: &NeuronDescriptor, list: &NeuronList) {
        let (program, arch) = (self.program, self.arch);
        for message in dynamics::check(&list.ops, list.layout()) {
            self.report(Rule::Params, entity, message);
        }
        let small = list.words.len() <= 32 && list.params.len() <= 255 && list.shift <= 30;
        self.check(small, Rule::Params, entity, || "more than 32 words, 255 parameters or 30 fraction bits".into());
        let potential = usize::from(list.potential.0) < list.words.len();
        self.check(potential, Rule::Params, entity, || format!("its potential is no word: {}", list.potential));
        self.check(d.params.is_empty(), Rule::Params, entity, || "a list has no parameter sets by channel".into());
        let (channels, neurons) = (usize::from(d.extent.0), d.n());
        let width = arch.core.state_bits.clamp(1, 32);
        let within = |v: &i32| i64::from(*v) >= -(1i64 << (width - 1)) && i64::from(*v) < 1i64 << (width - 1);
        for column in list.words.iter().chain(&list.params) {
            let (name, n) = (&column.name, column.values.len());
            self.check(column.fits(channels, neurons), Rule::Params, entity, || {
                format!("`{name}` has {n} values for {channels} channels and {neurons} neurons")
            });
            self.check(column.values.iter().all(within), Rule::Params, entity, || {
                format!("a value of `{name}` does not fit {width} bits")
            });
        }
        for op in &list.ops {
            let Action::Decay(_, p, _) = op.action else { continue };
            let Some(column) = list.params.get(usize::from(p.0)) else { continue };
            self.check(column.values.iter().all(|v| (0..=4096).contains(v)), Rule::Params, entity, || {
                format!("`{op}`: a decay is 0 to 4096")
            });
        }
        let (start, end) = list.window;
        self.check(start <= end && end <= program.timesteps, Rule::Geometry, entity, || {
            format!("window {start}..{end} ends before it starts, or after the sample")
        });
        let emits = list.fires() || list.emits_values();
        self.check(emits || d.emission.routes.is_empty(), Rule::Emission, entity, || "it never emits".into());
        let plain = arch.core.updates_all();
        self.check(plain, Rule::Params, entity, || "a list is for chips that update all neurons per timestep".into());
        for message in arch.core.dynamics.refusals(&list.ops, list.words.len(), list.shift) {
            self.report(Rule::Params, entity, format!("the chip has no {message}"));
        }
    }
}
