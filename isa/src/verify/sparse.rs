//! Rules of synapse lists and of the numbers of a layer's neurons.

use super::{Cx, Rule, ascending};
use crate::{ids::LayerId, image::CoreImage, sparse::SparseDescriptor};

impl Cx<'_> {
    pub(super) fn sparse(&mut self, image: &CoreImage, entity: &str, d: &SparseDescriptor) {
        let Some(sources) = self.sources(entity, d.source, d.pool, d.n) else { return };
        self.check(ascending(d.lists.iter().map(|list| list.source)), Rule::Geometry, entity, || {
            "synapse lists are not ascending in sources".into()
        });
        for list in &d.lists {
            let source = list.source;
            self.check(u64::from(source) < sources, Rule::Geometry, entity, || {
                format!("a synapse list of source {source} of {sources}")
            });
            let sound = !list.targets.is_empty() && list.targets.is_sorted();
            self.check(sound, Rule::Geometry, entity, || {
                format!("the synapse list of source {source} is empty or does not ascend")
            });
            self.check(list.targets.iter().all(|&t| t < d.n), Rule::Geometry, entity, || {
                format!("the synapse list of source {source} leaves the tile of {} neurons", d.n)
            });
        }
        self.block(entity, d.weights, d.n_synapses());
        self.whole_tile(image, entity, (d.layer, d.v_base), d.n);
    }

    pub(super) fn numbers(&mut self) {
        let program = self.program;
        for (id, layer) in (0..).map(LayerId).zip(&program.layers).filter(|(_, layer)| !layer.numbers.is_empty()) {
            let n = layer.neurons();
            let mut named = vec![false; if layer.numbers.len() == n { n } else { 0 }];
            layer.numbers.iter().for_each(|&i| {
                if let Some(named) = named.get_mut(i as usize) {
                    *named = true;
                }
            });
            let each = layer.numbers.len() == n && named.iter().all(|&named| named);
            self.check(each, Rule::Geometry, id, || format!("its numbers do not name each of {n} neurons once"));
            self.check(id != program.input.layer, Rule::Geometry, id, || "the input is renumbered".into());
        }
    }
}
