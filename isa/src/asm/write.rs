//! The disassembler.

use super::{
    Style,
    record::Record,
    text::{Text, show_runs},
};
use crate::{
    ids::{LayerId, RouteId, WeightBlockId},
    image::{CoreImage, Destination, Emission, Route},
    op::{Descriptor, Instruction, NeuronDescriptor, NeuronKind},
    program::{Coding, Encoding, Program},
    readout::Readout,
};

/// Weights per line.
const PER_LINE: usize = 24;

/// The assembly text of a program.
pub fn disassemble(program: &Program, style: Style) -> String {
    let mut out = Vec::new();
    let p = program;
    out.push(format!(".program {} arch {} timesteps {}", p.name.show(), p.arch.show(), p.timesteps));
    for (id, layer) in (0..).map(LayerId).zip(&p.layers) {
        out.push(format!(".layer {id} {} {}", layer.name.show(), layer.shape.show()));
        out.extend(layer.numbers.chunks(PER_LINE).map(|row| list(".num".into(), &show_runs(row))));
    }
    out.push(match &p.readout {
        Readout::Goodness { layer, sizes } => list(format!(".readout goodness {layer}"), &show_runs(sizes)),
        Readout::ChannelEnergy { layer, grid, weights } => {
            list(format!(".readout energy {layer} grid {grid}"), &show_runs(weights))
        }
        Readout::Potential { layer } => format!(".readout potential {layer}"),
        Readout::SpikeCount { layer } => format!(".readout spikes {layer}"),
    });
    let encoding = match p.input.encoding {
        Encoding::Pixels => "pixels".into(),
        Encoding::Affine { gain, offset } => format!("affine gain {} offset {}", gain.show(), offset.show()),
        Encoding::ByChannel { channels, gain, offset } => {
            let pairs = gain.iter().zip(&offset).map(|(g, o)| format!(" gain {} offset {}", g.show(), o.show()));
            format!("channels {channels}{}", pairs.collect::<Vec<_>>().concat())
        }
        Encoding::Standardized { gain, eps, limit } => {
            format!("standardized gain {} eps {} limit {limit}", gain.show(), eps.show())
        }
    };
    let coding = match p.input.coding {
        Coding::Once => "once".into(),
        Coding::EveryStep { steps } => format!("steps {steps}"),
        Coding::Events { steps, least: 0, most: 1 } => format!("events {steps}"),
        Coding::Events { steps, least, most } => format!("events {steps} from {least} to {most}"),
    };
    let pace = if p.input.pace == 1 { String::new() } else { format!(" pace {}", p.input.pace) };
    out.push(format!(".input {} {encoding} {coding}{pace}", p.input.layer));
    emission(&mut out, &p.input.emission);
    routes(&mut out, &p.input.routes);
    for image in &p.cores {
        core(&mut out, p, image);
    }
    for (id, block) in (0..).map(WeightBlockId).zip(&p.weights) {
        out.push(String::new());
        let head = format!(".wgt {id} i{} {}", block.bits, block.data.len());
        match style {
            Style::Full => {
                out.push(head);
                out.extend(block.data.chunks(PER_LINE).map(|row| list(".w".into(), &show_runs(row))));
            }
            Style::Short => {
                let bytes: Vec<u8> = block.data.iter().flat_map(|w| w.to_le_bytes()).collect();
                out.push(format!("{head} crc {:08x}", crc32fast::hash(&bytes)));
            }
        }
    }
    out.push(String::new());
    out.join("\n")
}

fn list(head: String, items: &str) -> String {
    if items.is_empty() { head } else { head + " " + items }
}

fn core(out: &mut Vec<String>, program: &Program, image: &CoreImage) {
    out.push(String::new());
    out.push(format!(".core {} state {}", image.core, image.n_state));
    for (i, descriptor) in image.descriptors.iter().enumerate() {
        match descriptor {
            Descriptor::Conv(d) => out.push(format!(".desc d{i} conv {{{} }}", d.show())),
            Descriptor::Dense(d) => out.push(format!(".desc d{i} dense {{{} }}", d.show())),
            Descriptor::Sparse(d) => {
                out.push(format!(".desc d{i} sparse {{{} }}", d.show()));
                out.extend(d.lists.iter().map(|l| list(format!(".lst {} ->", l.source), &show_runs(&l.targets))));
            }
            Descriptor::Neurons(d) => neurons(out, program, i, d),
        }
    }
    for axon in &image.axons {
        let descriptors: Vec<String> = axon.descriptors.iter().map(ToString::to_string).collect();
        out.push(list(format!(".axt {} ->", axon.tag), &descriptors.join(" ")));
    }
    routes(out, &image.routes);
    for (name, handler) in [("on_spike", &image.on_spike), ("on_tick", &image.on_tick)] {
        let instructions: Vec<String> = handler.iter().map(Instruction::to_string).collect();
        out.push(list(format!("{name}:"), &instructions.join(" ; ")));
    }
}

fn neurons(out: &mut Vec<String>, program: &Program, i: usize, d: &NeuronDescriptor) {
    let kind = match &d.kind {
        NeuronKind::Accumulator => "accumulate".into(),
        NeuronKind::Listed(list) => format!(
            "list {} shift {} window {} potential {} scratch {}",
            list.model.show(),
            list.shift,
            list.window.show(),
            list.potential,
            list.scratch
        ),
        NeuronKind::Spiking { strict, hard_reset, decay, floor, window } => format!(
            "spike cmp {} reset {} decay {decay} floor {} window {}",
            if *strict { "gt" } else { "ge" },
            if *hard_reset { "zero" } else { "sub" },
            floor.map_or("none".into(), |floor| floor.to_string()),
            window.show(),
        ),
    };
    let host = if d.to_host { " host" } else { "" };
    let name = program.layers.get(usize::from(d.layer.0)).map_or(String::new(), |l| format!("  # {}", l.name.show()));
    out.push(format!(
        ".desc d{i} nrn {{ layer {} at {} of {} v {} {kind}{host} }}{name}",
        d.layer,
        d.origin.show(),
        d.extent.show(),
        d.v_base
    ));
    if let NeuronKind::Listed(list) = &d.kind {
        for (keyword, columns) in [(".word", &list.words), (".col", &list.params)] {
            for (i, column) in columns.iter().enumerate() {
                out.push(self::list(format!("{keyword} {i} {}", column.name.show()), &show_runs(&column.values)));
            }
        }
        out.extend(list.ops.iter().map(|op| format!(".op {op}")));
    }
    for p in &d.params {
        out.push(format!(".prm thr {} init {} bias {}", p.threshold, p.v_init, p.bias));
    }
    emission(out, &d.emission);
}

fn emission(out: &mut Vec<String>, e: &Emission) {
    for (axis, class) in [("c", &e.channel_class), ("y", &e.row_class), ("x", &e.column_class)] {
        if !class.is_empty() {
            out.push(format!(".cls {axis} {}", show_runs(class)));
        }
    }
    for (i, routes) in e.routes.iter().enumerate() {
        let routes: Vec<String> = routes.iter().map(ToString::to_string).collect();
        out.push(list(format!(".emit {i} ->"), &routes.join(" ")));
    }
}

fn routes(out: &mut Vec<String>, routes: &[Route]) {
    for (id, route) in (0..).map(RouteId).zip(routes) {
        let head = format!(".rte {id} {} delay {}", route.tag, route.delay);
        let cores: Vec<String> = route.destination.cores().iter().map(ToString::to_string).collect();
        out.push(match &route.destination {
            Destination::Core(core) => format!("{head} to {core}"),
            Destination::Rectangle { x, y, .. } => {
                list(format!("{head} rect {} {}", x.show(), y.show()), &cores.join(" "))
            }
            Destination::List(_) => list(format!("{head} list"), &cores.join(" ")),
        });
    }
}
