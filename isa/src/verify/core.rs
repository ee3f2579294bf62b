//! Rules inside one core: handlers, axon table, descriptors, weights, state.

use super::{Cx, Rule, ascending};
use crate::{
    arch::Sync,
    ids::{CoreId, LayerId, WeightBlockId},
    image::CoreImage,
    neuron::DecayRule,
    op::{ConvDescriptor, DenseDescriptor, Descriptor, DescriptorId, Instruction, NeuronDescriptor, NeuronKind},
    program::weight_fits,
    usage::tiles,
};

type Triple = (u16, u16, u16);

impl Cx<'_> {
    pub(super) fn core(&mut self, image: &CoreImage) {
        self.handlers(image);
        self.axons(image);
        let (mut boxes, mut end) = (tiles(image).collect::<Vec<_>>(), 0);
        boxes.sort_by_key(|d| d.v_base);
        for tile in boxes {
            let range = u64::from(tile.v_base)..u64::from(tile.v_base) + tile.n_words() as u64;
            self.check(range.start >= end, Rule::State, image.core, || {
                format!("the state of the tile at {} overlaps the one before, which ends at {end}", range.start)
            });
            end = end.max(range.end);
        }
        self.check(end == u64::from(image.n_state), Rule::State, image.core, || {
            format!("tiles use {end} state words, but n_state is {}", image.n_state)
        });
        for (i, descriptor) in image.descriptors.iter().enumerate() {
            let entity = format!("{} d{i}", image.core);
            if !self.layer_exists(&entity, descriptor.layer()) {
                continue;
            }
            match descriptor {
                Descriptor::Conv(d) => self.conv(image, &entity, d),
                Descriptor::Dense(d) => self.dense(image, &entity, d),
                Descriptor::Sparse(d) => self.sparse(image, &entity, d),
                Descriptor::Neurons(d) => self.neurons(&entity, d),
            }
        }
    }

    fn layer_exists(&mut self, entity: &str, layer: LayerId) -> bool {
        let n = self.program.layers.len();
        self.check(usize::from(layer.0) < n, Rule::Ids, entity, || format!("{layer} of {n} layers"))
    }

    fn handlers(&mut self, image: &CoreImage) {
        use Instruction::{AxonLookup, Barrier, CallAxon, End, EventGet, NeuronUpdate, Token};
        let entity = format!("{} on_spike", image.core);
        self.check(image.on_spike == [EventGet, AxonLookup, CallAxon, End], Rule::Handlers, entity, || {
            "is not EVGET, AXL, XCALL, END".into()
        });

        let entity = format!("{} on_tick", image.core);
        let is_update = |i: &&Instruction| matches!(i, NeuronUpdate(_));
        let n_updates = image.on_tick.iter().take_while(is_update).count();
        let (form, fits) = match (&self.arch.sync, &image.on_tick[n_updates..]) {
            (Sync::Barrier(_) | Sync::Fixed(_), rest) => ("NUPD…, BAR, END", rest == [Barrier, End]),
            (Sync::Token, rest) => ("NUPD…, TOKEN, END", rest == [Token, End]),
            (Sync::None, rest) => ("NUPD…, END", rest == [End]),
        };
        self.check(fits, Rule::Handlers, &entity, || format!("is not {form}"));
        let mut updates = vec![0; image.descriptors.len()];
        for instruction in &image.on_tick {
            let NeuronUpdate(DescriptorId(d)) = *instruction else { continue };
            match updates.get_mut(usize::from(d)) {
                Some(n) => *n += 1,
                None => {
                    self.report(Rule::Ids, &entity, format!("NUPD d{d} of {} descriptors", image.descriptors.len()));
                }
            }
        }
        for (i, (descriptor, n)) in image.descriptors.iter().zip(updates).enumerate() {
            let expected = match descriptor {
                Descriptor::Neurons(d) if d.kind.window().is_some() => u32::from(!self.arch.core.is_event_driven()),
                Descriptor::Neurons(_) | Descriptor::Conv(_) | Descriptor::Dense(_) | Descriptor::Sparse(_) => 0,
            };
            self.check(n == expected, Rule::Handlers, &entity, || {
                format!("d{i} is updated {n} times instead of {expected}")
            });
        }
    }

    fn axons(&mut self, image: &CoreImage) {
        self.check(ascending(image.axons.iter().map(|a| a.tag)), Rule::Order, image.core, || {
            "axon entries are not ascending in tags".into()
        });
        for axon in &image.axons {
            let entity = format!("{} {}", image.core, axon.tag);
            self.check(!axon.descriptors.is_empty(), Rule::Axons, &entity, || "runs nothing".into());
            let mut sorted = axon.descriptors.clone();
            sorted.sort_unstable();
            self.check(ascending(&sorted), Rule::Axons, &entity, || "runs a descriptor twice".into());
            for d in &axon.descriptors {
                match image.descriptors.get(usize::from(d.0)) {
                    None => {
                        let n = image.descriptors.len();
                        self.report(Rule::Ids, &entity, format!("runs {d} of {n} descriptors"));
                    }
                    Some(Descriptor::Neurons(_)) => {
                        self.report(Rule::Axons, &entity, format!("runs {d}, which is not synaptic"));
                    }
                    Some(Descriptor::Conv(_) | Descriptor::Dense(_) | Descriptor::Sparse(_)) => {}
                }
            }
        }
    }

    fn conv(&mut self, image: &CoreImage, entity: &str, d: &ConvDescriptor) {
        let pairs = [d.kernel, d.stride, d.dilation, d.pool, d.source];
        let positive = pairs.iter().all(|&(a, b)| a > 0 && b > 0)
            && [d.in_per_group, d.out_per_group, d.n_channels, d.span].iter().all(|&n| n > 0);
        let inside = self.tile_inside(entity, d.layer, d.origin, d.extent);
        if !self.check(positive, Rule::Geometry, entity, || {
            "kernel, stride, dilation, pool, source, groups, channels or span is zero".into()
        }) || !inside
        {
            return;
        }
        self.convolution_limits(entity, d);
        let (c0, c_end) = (u32::from(d.origin.0), u32::from(d.origin.0) + u32::from(d.extent.0));
        let [ipg, opg, first] = [d.in_per_group, d.out_per_group, d.first_channel].map(u32::from);
        let groups = first / ipg..=(first + u32::from(d.n_channels) - 1) / ipg;
        self.check(u32::from(d.span) == (c_end - c0).min(opg), Rule::Geometry, entity, || {
            format!("span {} is not the smaller of the tile's channels and those of a group", d.span)
        });
        for group in groups {
            let j0 = (group * opg).saturating_sub(c0);
            let reached = u32::from(d.span) + j0 + c0;
            let ok = reached <= c_end && reached <= (group + 1) * opg;
            self.check(ok, Rule::Geometry, entity, || {
                format!("group {group} does not reach {} channels inside the tile", d.span)
            });
        }
        let needs = [d.n_channels, d.kernel.0, d.kernel.1, d.span].map(u64::from).iter().product();
        self.block(entity, d.weights, needs);
        let tile = tiles(image).find(|t| t.v_base == d.v_base && t.layer == d.layer);
        let same = tile.is_some_and(|t| t.origin == d.origin && t.extent == d.extent);
        self.check(same, Rule::State, entity, || format!("state word {} begins no tile of its box", d.v_base));
    }

    fn dense(&mut self, image: &CoreImage, entity: &str, d: &DenseDescriptor) {
        let Some(sources) = self.sources(entity, d.source, d.pool, d.n) else { return };
        self.block(entity, d.weights, sources.saturating_mul(u64::from(d.n)));
        self.whole_tile(image, entity, (d.layer, d.v_base), d.n);
    }

    /// Number of source neurons of an operation onto the `n` neurons of a tile; none if there is nothing to speak of.
    pub(super) fn sources(&mut self, entity: &str, source: Triple, pool: (u16, u16), n: u32) -> Option<u64> {
        let factors = [source.0, source.1, source.2, pool.0, pool.1];
        let positive = factors.iter().all(|&n| n > 0) && n > 0;
        self.check(positive, Rule::Geometry, entity, || "source, pool or n is zero".into())
            .then(|| [source.0, source.1, source.2].map(u64::from).iter().product())
    }

    /// An operation onto all `n` neurons of a tile of the layer, whose state begins at the word.
    pub(super) fn whole_tile(&mut self, image: &CoreImage, entity: &str, (layer, v_base): (LayerId, u32), n: u32) {
        let tile = tiles(image).find(|t| t.v_base == v_base && t.layer == layer);
        self.check(tile.is_some_and(|t| t.n() as u64 == u64::from(n)), Rule::State, entity, || {
            format!("state word {v_base} begins no tile of {n} neurons")
        });
    }

    pub(super) fn block(&mut self, entity: &str, id: WeightBlockId, needs: u64) {
        let n = self.program.weights.len();
        let Some(block) = self.program.weights.get(id.0 as usize) else {
            self.report(Rule::Ids, entity, format!("{id} of {n} weight blocks"));
            return;
        };
        let has = block.data.len() as u64;
        self.check(has == needs, Rule::Weights, entity, || format!("reads {needs} weights, but {id} has {has}"));
    }

    fn neurons(&mut self, entity: &str, d: &NeuronDescriptor) {
        if !self.tile_inside(entity, d.layer, d.origin, d.extent) {
            return;
        }
        if let NeuronKind::Listed(list) = &d.kind {
            return self.list(entity, d, list);
        }
        let (n, channels) = (d.params.len(), usize::from(d.extent.0));
        self.check(n == channels, Rule::Params, entity, || format!("{n} parameter sets for {channels} channels"));
        let width = self.arch.core.state_bits.clamp(1, 32);
        let fits = |v: i32| i64::from(v) >= -(1i64 << (width - 1)) && i64::from(v) < 1i64 << (width - 1);
        let all_fit = d.params.iter().all(|p| fits(p.threshold) && fits(p.v_init) && fits(p.bias));
        self.check(all_fit, Rule::Params, entity, || format!("a parameter does not fit {width} bits"));
        let mut decay = 0;
        if let NeuronKind::Spiking { floor, window, decay: d_decay, .. } = d.kind {
            decay = d_decay;
            self.check(floor.is_none_or(fits), Rule::Params, entity, || format!("the floor does not fit {width} bits"));
            self.check(decay <= 4096, Rule::Params, entity, || format!("decay {decay} of 4096"));
            let rounds = decay == 0 || self.arch.core.dynamics.decays(DecayRule::Loss);
            self.check(rounds, Rule::Params, entity, || "the chip does not truncate the loss of a decay".into());
            self.check(window.0 <= window.1, Rule::Geometry, entity, || {
                format!("window {}..{} ends before it starts", window.0, window.1)
            });
        } else {
            self.check(d.emission.routes.is_empty(), Rule::Emission, entity, || "an accumulator never emits".into());
        }
        if !self.arch.core.updates_all() {
            let quiet = decay == 0 && d.params.iter().all(|p| p.bias == 0);
            self.check(quiet, Rule::Params, entity, || {
                "untouched neurons are not updated, but it has bias or leak".into()
            });
        }
    }

    fn tile_inside(&mut self, entity: &str, layer: LayerId, origin: Triple, extent: Triple) -> bool {
        let shape = self.program.layer(layer).shape;
        let inside = |o: u16, e: u16, s: u16| e > 0 && u32::from(o) + u32::from(e) <= u32::from(s);
        let ok = inside(origin.0, extent.0, shape.0)
            && inside(origin.1, extent.1, shape.1)
            && inside(origin.2, extent.2, shape.2);
        self.check(ok, Rule::Geometry, entity, || {
            format!("tile at {origin:?} of {extent:?} is empty or leaves {layer} of {shape:?}")
        })
    }

    fn convolution_limits(&mut self, entity: &str, d: &ConvDescriptor) {
        let Some(limits) = self.arch.core.convolution.clone() else { return };
        let shape = self.program.layer(d.layer).shape;
        let most = |(a, b): (u16, u16)| u32::from(a.max(b));
        let source = (u32::from(d.source.0) * u32::from(d.pool.0)).max(u32::from(d.source.1) * u32::from(d.pool.1));
        for (what, used, max) in [
            ("kernel side", most(d.kernel), limits.kernel),
            ("source map side", source, limits.source_map),
            ("map side", most((shape.1, shape.2)), limits.map),
        ] {
            self.check(used <= max, Rule::Convolution, entity, || format!("{what}: {used} used, {max} available"));
        }
        for stride in [d.stride.0, d.stride.1].map(u32::from) {
            self.check(limits.strides.contains(&stride), Rule::Convolution, entity, || {
                format!("stride {stride}, but the chip has {:?}", limits.strides)
            });
        }
    }

    pub(super) fn weight_blocks(&mut self) {
        let mut used = vec![false; self.program.weights.len()];
        for descriptor in self.program.cores.iter().flat_map(|image| &image.descriptors) {
            let block = match descriptor {
                Descriptor::Conv(d) => d.weights,
                Descriptor::Dense(d) => d.weights,
                Descriptor::Sparse(d) => d.weights,
                Descriptor::Neurons(_) => continue,
            };
            if let Some(used) = used.get_mut(block.0 as usize) {
                *used = true;
            }
        }
        let program = self.program;
        for (id, (block, used)) in (0..).map(WeightBlockId).zip(program.weights.iter().zip(used)) {
            self.check(used, Rule::Weights, id, || "is used by no descriptor".into());
            let widths = &self.arch.core.weight_bits;
            let stored = widths.contains(&u32::from(block.bits)) && (1..=16).contains(&block.bits);
            let message = format!("{} bits, but the core stores {widths:?}", block.bits);
            if self.check(stored, Rule::Weights, id, || message) {
                let within = block.data.iter().all(|&w| weight_fits(u32::from(block.bits), i64::from(w)));
                self.check(within, Rule::Weights, id, || format!("a weight does not fit {} bits", block.bits));
            }
        }
    }

    pub(super) fn program(&mut self) {
        let (program, arch) = (self.program, self.arch);
        self.check(program.arch == arch.name, Rule::Arch, "program", || {
            format!("compiled for `{}`, not for `{}`", program.arch, arch.name)
        });
        self.check(ascending(program.cores.iter().map(|image| image.core)), Rule::Order, "program", || {
            "cores are not strictly ascending".into()
        });
        for core in program.cores.iter().map(|image| image.core) {
            let n = arch.n_cores();
            self.check(core < CoreId(n), Rule::Ids, core, || format!("the chip has {n} cores"));
        }
        self.numbers();
        self.weight_blocks();
    }
}
