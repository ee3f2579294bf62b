//! Rules of synapse lists and of the numbers of a layer's neurons.

use super::{Cx, Rule, ascending};
use crate::{ids::LayerId, image::CoreImage, sparse::SparseDescriptor, usage::tiles};

impl Cx<'_> {
    pub(super) fn sparse(&mut self, image: &CoreImage, entity: &str, d: &SparseDescriptor) {
        let factors = [d.source.0, d.source.1, d.source.2, d.pool.0, d.pool.1];
        if !self.check(factors.iter().all(|&n| n > 0) && d.n > 0, Rule::Geometry, entity, || {
            "source, pool or n is zero".into()
        }) {
            return;
        }
        self.check(ascending(d.lists.iter().map(|list| list.source)), Rule::Geometry, entity, || {
            "synapse lists are not ascending in sources".into()
        });
        let sources: u64 = [d.source.0, d.source.1, d.source.2].map(u64::from).iter().product();
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
        let tile = tiles(image).find(|t| t.v_base == d.v_base && t.layer == d.layer);
        self.check(tile.is_some_and(|t| t.n() as u64 == u64::from(d.n)), Rule::State, entity, || {
            format!("state word {} begins no tile of {} neurons", d.v_base, d.n)
        });
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
