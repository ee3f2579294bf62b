//! Rules between cores: emission tables, routes, tags, coverage, read-out.

use super::{Cx, Rule, ascending};
use crate::{
    arch::Multicast,
    ids::{CoreId, LayerId, RouteId, Tag},
    image::{Destination, Emission, Route},
    op::Descriptor,
    program::{Coding, Encoding},
    readout::Readout,
    usage::tiles,
};
use std::collections::{BTreeMap, BTreeSet};

/// The most timesteps of a sample.
const MOST_TIMESTEPS: u32 = 1 << 24;

type Triple = (u16, u16, u16);

impl Cx<'_> {
    pub(super) fn network(&mut self) {
        let program = self.program;
        let mut sources: BTreeMap<Tag, BTreeSet<LayerId>> = BTreeMap::new();
        let input = &program.input;
        let n_layers = program.layers.len();
        if let Some(layer) = program.layers.get(usize::from(input.layer.0)) {
            self.emission("input", layer.shape, &input.emission, input.routes.len());
        } else {
            self.report(Rule::Ids, "input", format!("{} of {n_layers} layers", input.layer));
        }
        self.presentation();
        self.routes("input", &input.routes, true);
        tags_of(&mut sources, input.layer, &input.emission, &input.routes);
        for image in &program.cores {
            self.routes(&image.core.to_string(), &image.routes, false);
            for (i, descriptor) in image.descriptors.iter().enumerate() {
                let Descriptor::Neurons(d) = descriptor else { continue };
                self.emission(&format!("{} d{i}", image.core), d.extent, &d.emission, image.routes.len());
                tags_of(&mut sources, d.layer, &d.emission, &image.routes);
            }
        }
        self.tags(&sources);
        self.coverage();
        self.readout();
    }

    fn presentation(&mut self) {
        let of = self.program.timesteps;
        self.check(of <= MOST_TIMESTEPS, Rule::Input, "program", || {
            format!("{of} timesteps; at most {MOST_TIMESTEPS}")
        });
        if let Encoding::Affine { gain, offset } = self.program.input.encoding {
            let sound = gain.is_finite() && offset.is_finite();
            self.check(sound, Rule::Input, "input", || format!("affine with gain {gain}, offset {offset}"));
        }
        if let Encoding::ByChannel { channels, gain, offset } = self.program.input.encoding {
            let sound = gain.iter().chain(&offset).all(|v| v.is_finite()) && (1..=4).contains(&channels);
            self.check(sound, Rule::Input, "input", || format!("{channels} gains {gain:?}, offsets {offset:?}"));
        }
        if let Encoding::Standardized { gain, eps, limit } = self.program.input.encoding {
            let sound = gain.is_finite() && gain > 0.0 && eps.is_finite() && eps >= 0.0 && limit > 0;
            self.check(sound, Rule::Input, "input", || {
                format!("standardized with gain {gain}, eps {eps}, limit {limit}")
            });
        }
        if let Coding::EveryStep { steps } | Coding::Events { steps, .. } = self.program.input.coding {
            let of = self.program.timesteps;
            self.check((1..=of).contains(&steps), Rule::Input, "input", || {
                format!("presented in {steps} timesteps of {of}")
            });
        }
        let (pace, steps) = (self.program.input.pace, self.program.input.coding.steps());
        let whole = pace == 1 || (pace > 1 && steps % pace == 0 && self.program.input.coding != Coding::Once);
        self.check(whole, Rule::Input, "input", || format!("{steps} timesteps are no whole steps of {pace} timesteps"));
        if let Coding::Events { least, most, .. } = self.program.input.coding {
            self.check(least <= most, Rule::Input, "input", || format!("events of values from {least} to {most}"));
        }
    }

    fn emission(&mut self, entity: &str, extent: Triple, emission: &Emission, n_routes: usize) {
        if emission.routes.is_empty() {
            return;
        }
        let lengths = [&emission.channel_class, &emission.row_class, &emission.column_class].map(Vec::len);
        let needed = [extent.0, extent.1, extent.2].map(usize::from);
        self.check(lengths == needed, Rule::Emission, entity, || {
            format!("classes for {lengths:?} channels, rows and columns, but the tile has {needed:?}")
        });
        let (has, needs) = (emission.routes.len(), emission.n_entries());
        self.check(has == needs, Rule::Emission, entity, || {
            format!("{has} table entries for {needs} class combinations")
        });
        for (i, routes) in emission.routes.iter().enumerate() {
            let mut sorted = routes.clone();
            sorted.sort_unstable();
            self.check(ascending(&sorted), Rule::Emission, entity, || format!("entry {i} names a route twice"));
            for &RouteId(r) in routes {
                self.check((r as usize) < n_routes, Rule::Ids, entity, || {
                    format!("entry {i} names route{r} of {n_routes}")
                });
            }
        }
    }

    fn routes(&mut self, owner: &str, routes: &[Route], from_input: bool) {
        let multicast = self.arch.noc.as_ref().map(|noc| noc.multicast);
        for (i, route) in routes.iter().enumerate() {
            let entity = format!("{owner} route{i}");
            self.check(from_input || route.delay > 0, Rule::Routes, &entity, || "delay 0 of a core's spikes".into());
            let (form, offered) = match route.destination {
                Destination::Core(_) => ("core", true),
                Destination::Rectangle { .. } => ("rectangle", matches!(multicast, None | Some(Multicast::Rectangle))),
                Destination::List(_) => ("list", matches!(multicast, None | Some(Multicast::Tree { .. }))),
            };
            self.check(offered, Rule::Routes, &entity, || {
                format!("a {form} destination, but the chip's multicast is {multicast:?}")
            });
            let cores = route.destination.cores();
            self.check(!cores.is_empty() && ascending(cores), Rule::Order, &entity, || {
                "receivers are not strictly ascending, or none".into()
            });
            for core in cores {
                let knows = self.images.get(core).map(|image| image.axons.iter().any(|axon| axon.tag == route.tag));
                self.check(knows.is_some(), Rule::Routes, &entity, || format!("{core} is not in use"));
                self.check(knows != Some(false), Rule::Routes, &entity, || {
                    format!("{core} does not know {}", route.tag)
                });
            }
            if let Destination::Rectangle { x, y, cores } = &route.destination {
                self.rectangle(&entity, (*x, *y), route.tag, cores);
            }
        }
    }

    fn rectangle(&mut self, entity: &str, (x, y): ((u16, u16), (u16, u16)), tag: Tag, cores: &[CoreId]) {
        let (columns, rows) = (self.arch.columns(), self.arch.rows());
        let valid = x.0 <= x.1 && y.0 <= y.1 && u32::from(x.1) < columns && u32::from(y.1) < rows;
        if !self.check(valid, Rule::Rectangle, entity, || {
            format!("{x:?} × {y:?} is empty or leaves the mesh of {columns} × {rows}")
        }) {
            return;
        }
        let inside = |core: CoreId| {
            let (column, row) = self.arch.position(self.arch.router(core));
            (u32::from(x.0)..=u32::from(x.1)).contains(&column) && (u32::from(y.0)..=u32::from(y.1)).contains(&row)
        };
        let listens = |core: CoreId| self.images[&core].axons.iter().any(|axon| axon.tag == tag);
        let listening: Vec<CoreId> = self.images.keys().copied().filter(|&c| inside(c) && listens(c)).collect();
        self.check(listening == cores, Rule::Rectangle, entity, || {
            format!("lists {} receivers, but {} cores inside know {tag}", cores.len(), listening.len())
        });
    }

    fn tags(&mut self, sources: &BTreeMap<Tag, BTreeSet<LayerId>>) {
        for (tag, layers) in sources {
            self.check(layers.len() == 1, Rule::Tags, tag, || {
                let names: Vec<String> = layers.iter().map(ToString::to_string).collect();
                format!("comes from several layers: {}", names.join(", "))
            });
        }
        let program = self.program;
        for image in &program.cores {
            for axon in &image.axons {
                let Some(source) = sources.get(&axon.tag).and_then(BTreeSet::first) else {
                    self.report(Rule::Tags, format!("{} {}", image.core, axon.tag), "no route carries it");
                    continue;
                };
                let Some(&(c, h, w)) = program.layers.get(usize::from(source.0)).map(|layer| &layer.shape) else {
                    continue;
                };
                for d in &axon.descriptors {
                    let (pool, map, channels) = match image.descriptors.get(usize::from(d.0)) {
                        Some(Descriptor::Conv(d)) => {
                            (d.pool, d.source, u32::from(d.first_channel) + u32::from(d.n_channels) <= u32::from(c))
                        }
                        Some(Descriptor::Dense(d)) => (d.pool, (d.source.1, d.source.2), d.source.0 == c),
                        Some(Descriptor::Sparse(d)) => (d.pool, (d.source.1, d.source.2), d.source.0 == c),
                        _ => continue,
                    };
                    let pooled = (h.checked_div(pool.0), w.checked_div(pool.1));
                    let fits = channels && pooled == (Some(map.0), Some(map.1));
                    self.check(fits, Rule::Tags, format!("{} {d}", image.core), || {
                        format!(
                            "source {map:?} after pooling {pool:?}, but {} brings {source} of {:?}",
                            axon.tag,
                            (c, h, w)
                        )
                    });
                }
            }
        }
    }

    fn coverage(&mut self) {
        let program = self.program;
        for (layer, shape) in (0..).map(LayerId).zip(program.layers.iter().map(|l| l.shape)) {
            let boxes: Vec<(Triple, Triple)> = program
                .cores
                .iter()
                .flat_map(tiles)
                .filter(|d| d.layer == layer)
                .map(|d| (d.origin, d.extent))
                .collect();
            if layer == program.input.layer {
                self.check(boxes.is_empty(), Rule::Coverage, layer, || "the input layer has tiles".into());
                continue;
            }
            let volume = |(c, y, x): Triple| u64::from(c) * u64::from(y) * u64::from(x);
            let covered: u64 = boxes.iter().map(|&(_, extent)| volume(extent)).sum();
            let n = volume(shape);
            self.check(covered == n, Rule::Coverage, layer, || format!("tiles hold {covered} neurons of {n}"));
            if let Some((a, b)) = first_overlap(boxes) {
                self.report(Rule::Coverage, layer, format!("the tiles at {a:?} and {b:?} overlap"));
            }
        }
    }

    fn readout(&mut self) {
        let program = self.program;
        let layer = program.readout.layer();
        let Some(&(c, h, w)) = program.layers.get(usize::from(layer.0)).map(|layer| &layer.shape) else {
            self.report(Rule::Ids, "read-out", format!("{layer} of {} layers", program.layers.len()));
            return;
        };
        let sent = program.cores.iter().flat_map(tiles).filter(|d| d.layer == layer).all(|d| d.to_host);
        self.check(sent || layer == program.input.layer, Rule::Readout, layer, || {
            "is read, but does not reach the host".into()
        });
        match &program.readout {
            Readout::Goodness { sizes, .. } => {
                let sum: u64 = sizes.iter().copied().map(u64::from).sum();
                let ok = !sizes.is_empty() && !sizes.contains(&0) && sum == u64::from(c);
                self.check(ok, Rule::Readout, layer, || format!("class sizes {sizes:?} do not divide {c} channels"));
            }
            Readout::ChannelEnergy { grid, weights, .. } => {
                let row = usize::from(*grid).pow(2) * usize::from(c);
                let ok = row > 0 && !weights.is_empty() && weights.len().is_multiple_of(row) && *grid <= h.min(w);
                self.check(ok, Rule::Readout, layer, || {
                    format!("{} weights are no rows of {grid}·{grid} regions × {c} channels", weights.len())
                });
            }
            Readout::Potential { .. } | Readout::SpikeCount { .. } => {
                self.check(c > 0 && h > 0 && w > 0, Rule::Readout, layer, || "has no neurons".into());
            }
        }
    }
}

/// Notes which layer's spikes carry which tags.
fn tags_of(sources: &mut BTreeMap<Tag, BTreeSet<LayerId>>, layer: LayerId, emission: &Emission, routes: &[Route]) {
    for &RouteId(r) in emission.routes.iter().flatten() {
        if let Some(route) = routes.get(r as usize) {
            sources.entry(route.tag).or_default().insert(layer);
        }
    }
}

/// Two boxes (origin, extent) that share a neuron, by their origins.
fn first_overlap(mut boxes: Vec<(Triple, Triple)>) -> Option<(Triple, Triple)> {
    let apart = |a: u16, n: u16, b: u16, m: u16| {
        u32::from(a) + u32::from(n) <= u32::from(b) || u32::from(b) + u32::from(m) <= u32::from(a)
    };
    boxes.sort_unstable_by_key(|&((_, y, _), _)| y);
    for (i, &(a, n)) in boxes.iter().enumerate() {
        let end = u32::from(a.1) + u32::from(n.1);
        let later = boxes[i + 1..].iter().take_while(|&&((_, y, _), _)| u32::from(y) < end);
        for &(b, m) in later {
            if !(apart(a.0, n.0, b.0, m.0) || apart(a.1, n.1, b.1, m.1) || apart(a.2, n.2, b.2, m.2)) {
                return Some((a, b));
            }
        }
    }
    None
}
