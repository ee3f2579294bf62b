//! The assembler. Total: any text gives a program or an error with its line.

use super::{
    line::{AsmError, Line, Lines},
    record::Record,
    text::Text,
};
use crate::{
    ids::{LayerId, RouteId, WeightBlockId},
    image::{AxonEntry, CoreImage, Destination, Emission, Route},
    neuron::{Column, NeuronList, Op},
    op::{ChannelParams, Descriptor, Instruction, NeuronDescriptor, NeuronKind},
    program::{Coding, Encoding, InputPort, Layer, Program, WeightBlock},
    readout::Readout,
    sparse::SynapseList,
};
/// The program of an assembly text.
///
/// # Errors
/// The first line that does not read, with what was expected.
pub fn assemble(text: &str) -> Result<Program, AsmError> {
    let mut r = Lines::of(text)?;
    let mut head = r.must(".program")?;
    let name = head.value()?;
    let arch = head.after("arch")?;
    let timesteps = head.after("timesteps")?;
    head.end()?;
    let mut layers = Vec::new();
    while let Some(mut line) = r.next_if(".layer") {
        line.index(&LayerId(layers.len() as u16))?;
        let mut layer = Layer { name: line.value()?, shape: line.value()?, numbers: Vec::new() };
        line.end()?;
        while let Some(mut line) = r.next_if(".num") {
            layer.numbers.extend(line.runs::<u32>()?);
        }
        layers.push(layer);
    }
    let readout = readout(r.must(".readout")?)?;
    let mut line = r.must(".input")?;
    let (layer, encoding, coding) = (line.value()?, encoding(&mut line)?, coding(&mut line)?);
    let pace = if line.takes("pace") { line.value()? } else { 1 };
    line.end()?;
    let input = InputPort { layer, encoding, coding, pace, emission: emission(&mut r)?, routes: routes(&mut r)? };
    let mut cores = Vec::new();
    while let Some(line) = r.next_if(".core") {
        cores.push(core(&mut r, line)?);
    }
    let mut weights = Vec::new();
    while let Some(line) = r.next_if(".wgt") {
        weights.push(block(&mut r, line, weights.len())?);
    }
    match r.peek() {
        None => Ok(Program { name, arch, timesteps, layers, input, readout, weights, cores }),
        Some(line) => {
            Err(line.error("a statement out of place: the order is .program, .layer, .readout, .input, .core, .wgt"))
        }
    }
}

fn readout(mut line: Line) -> Result<Readout, AsmError> {
    let kind = line.token("a kind of read-out")?;
    let layer = line.value()?;
    let readout = match kind.as_str() {
        "goodness" => Readout::Goodness { layer, sizes: line.runs()? },
        "energy" => Readout::ChannelEnergy { layer, grid: line.after("grid")?, weights: line.runs()? },
        "potential" => Readout::Potential { layer },
        "spikes" => Readout::SpikeCount { layer },
        _ => return Err(line.error(&format!("no read-out `{kind}`: goodness, energy, potential or spikes"))),
    };
    line.end()?;
    Ok(readout)
}

fn encoding(line: &mut Line) -> Result<Encoding, AsmError> {
    if line.takes("affine") {
        return Ok(Encoding::Affine { gain: line.after("gain")?, offset: line.after("offset")? });
    }
    if line.takes("channels") {
        let channels = line.value()?;
        let (mut gain, mut offset) = ([0.0; 4], [0.0; 4]);
        for (gain, offset) in gain.iter_mut().zip(&mut offset) {
            (*gain, *offset) = (line.after("gain")?, line.after("offset")?);
        }
        return Ok(Encoding::ByChannel { channels, gain, offset });
    }
    Ok(if line.either("pixels", "standardized")? {
        Encoding::Standardized { gain: line.after("gain")?, eps: line.after("eps")?, limit: line.after("limit")? }
    } else {
        Encoding::Pixels
    })
}

fn coding(line: &mut Line) -> Result<Coding, AsmError> {
    let kind = line.token("`once`, `steps` or `events`")?;
    match kind.as_str() {
        "once" => Ok(Coding::Once),
        "steps" => Ok(Coding::EveryStep { steps: line.value()? }),
        "events" => {
            let steps = line.value()?;
            let (least, most) = if line.takes("from") { (line.value()?, line.after("to")?) } else { (0, 1) };
            Ok(Coding::Events { steps, least, most })
        }
        _ => Err(line.error(&format!("expected `once`, `steps` or `events`, found `{kind}`"))),
    }
}

fn emission(r: &mut Lines) -> Result<Emission, AsmError> {
    let mut e = Emission::default();
    while let Some(mut line) = r.next_if(".cls") {
        let axis = line.token("an axis")?;
        let class = match axis.as_str() {
            "c" => &mut e.channel_class,
            "y" => &mut e.row_class,
            "x" => &mut e.column_class,
            _ => return Err(line.error(&format!("no axis `{axis}`: c, y or x"))),
        };
        *class = line.runs()?;
    }
    while let Some(mut line) = r.next_if(".emit") {
        line.index(&e.routes.len())?;
        line.word("->")?;
        e.routes.push(line.rest()?);
    }
    Ok(e)
}

fn routes(r: &mut Lines) -> Result<Vec<Route>, AsmError> {
    let mut routes = Vec::new();
    while let Some(mut line) = r.next_if(".rte") {
        line.index(&RouteId(routes.len() as u32))?;
        let (tag, delay) = (line.value()?, line.after("delay")?);
        let kind = line.token("`to`, `rect` or `list`")?;
        let destination = match kind.as_str() {
            "to" => Destination::Core(line.value()?),
            "rect" => Destination::Rectangle { x: line.value()?, y: line.value()?, cores: line.rest()? },
            "list" => Destination::List(line.rest()?),
            _ => return Err(line.error(&format!("expected `to`, `rect` or `list`, found `{kind}`"))),
        };
        line.end()?;
        routes.push(Route { tag, delay, destination });
    }
    Ok(routes)
}

fn core(r: &mut Lines, mut line: Line) -> Result<CoreImage, AsmError> {
    let (core, n_state) = (line.value()?, line.after("state")?);
    line.end()?;
    let mut descriptors = Vec::new();
    while let Some(mut line) = r.next_if(".desc") {
        let id = line.token("a descriptor id")?;
        let expected = format!("d{}", descriptors.len());
        if id != expected {
            return Err(line.error(&format!("entries count up: expected {expected}, found {id}")));
        }
        let kind = line.token("`conv`, `dense`, `sparse` or `nrn`")?;
        line.word("{")?;
        let mut descriptor = match kind.as_str() {
            "conv" => Descriptor::Conv(Record::read(&mut line)?),
            "dense" => Descriptor::Dense(Record::read(&mut line)?),
            "sparse" => Descriptor::Sparse(Record::read(&mut line)?),
            "nrn" => Descriptor::Neurons(neurons(&mut line)?),
            _ => return Err(line.error(&format!("expected `conv`, `dense`, `sparse` or `nrn`, found `{kind}`"))),
        };
        line.word("}")?;
        line.end()?;
        if let Descriptor::Neurons(NeuronDescriptor { kind: NeuronKind::Listed(list), .. }) = &mut descriptor {
            list.words = columns(r, ".word")?;
            list.params = columns(r, ".col")?;
            while let Some(line) = r.next_if(".op") {
                list.ops.push(operation(line)?);
            }
        }
        if let Descriptor::Neurons(d) = &mut descriptor {
            while let Some(mut line) = r.next_if(".prm") {
                let (threshold, v_init, bias) = (line.after("thr")?, line.after("init")?, line.after("bias")?);
                d.params.push(ChannelParams { threshold, v_init, bias });
                line.end()?;
            }
            d.emission = emission(r)?;
        }
        if let Descriptor::Sparse(d) = &mut descriptor {
            while let Some(mut line) = r.next_if(".lst") {
                let source = line.value()?;
                line.word("->")?;
                d.lists.push(SynapseList { source, targets: line.runs()? });
            }
        }
        descriptors.push(descriptor);
    }
    let mut axons = Vec::new();
    while let Some(mut line) = r.next_if(".axt") {
        let tag = line.value()?;
        line.word("->")?;
        axons.push(AxonEntry { tag, descriptors: line.rest()? });
    }
    let routes = routes(r)?;
    let on_spike = handler(r.must("on_spike:")?)?;
    let on_tick = handler(r.must("on_tick:")?)?;
    Ok(CoreImage { core, on_spike, on_tick, axons, descriptors, routes, n_state })
}

fn handler(mut line: Line) -> Result<Vec<Instruction>, AsmError> {
    let mut handler = Vec::new();
    while line.peek().is_some() {
        if !handler.is_empty() {
            line.word(";")?;
        }
        let mnemonic = line.token("an instruction")?;
        handler.push(match mnemonic.as_str() {
            "EVGET" => Instruction::EventGet,
            "AXL" => Instruction::AxonLookup,
            "XCALL" => Instruction::CallAxon,
            "NUPD" => Instruction::NeuronUpdate(line.value()?),
            "BAR" => Instruction::Barrier,
            "TOKEN" => Instruction::Token,
            "END" => Instruction::End,
            _ => return Err(line.error(&format!("no instruction `{mnemonic}`"))),
        });
    }
    Ok(handler)
}

/// A tile without its parameters and emission, which follow on lines of their own.
fn neurons(line: &mut Line) -> Result<NeuronDescriptor, AsmError> {
    let (layer, origin) = (line.after("layer")?, line.after("at")?);
    let (extent, v_base) = (line.after("of")?, line.after("v")?);
    let kind = if line.takes("list") {
        let model = line.value()?;
        let (shift, window) = (line.after("shift")?, line.after("window")?);
        let (potential, scratch) = (line.after("potential")?, line.after("scratch")?);
        let (words, params, ops) = (Vec::new(), Vec::new(), Vec::new());
        NeuronKind::Listed(Box::new(NeuronList { model, shift, window, potential, scratch, words, params, ops }))
    } else if line.either("accumulate", "spike")? {
        line.word("cmp")?;
        let strict = line.either("ge", "gt")?;
        line.word("reset")?;
        let hard_reset = line.either("sub", "zero")?;
        let decay = line.after("decay")?;
        line.word("floor")?;
        let floor = if line.takes("none") { None } else { Some(line.value()?) };
        NeuronKind::Spiking { strict, hard_reset, decay, floor, window: line.after("window")? }
    } else {
        NeuronKind::Accumulator
    };
    let (params, emission, to_host) = (Vec::new(), Emission::default(), line.takes("host"));
    Ok(NeuronDescriptor { layer, origin, extent, v_base, kind, params, emission, to_host })
}

/// Columns of a list, which count up.
fn columns(r: &mut Lines, keyword: &str) -> Result<Vec<Column>, AsmError> {
    let mut columns = Vec::new();
    while let Some(mut line) = r.next_if(keyword) {
        line.index(&columns.len())?;
        columns.push(Column { name: line.value()?, values: line.runs()? });
    }
    Ok(columns)
}

fn operation(mut line: Line) -> Result<Op, AsmError> {
    let mut text = Vec::new();
    while line.peek().is_some() {
        text.push(line.token("an operation")?);
    }
    let text = text.join(" ");
    text.parse().map_err(|error: dynamics::ParseError| line.error(&error.to_string()))
}

fn block(r: &mut Lines, mut line: Line, index: usize) -> Result<WeightBlock, AsmError> {
    line.index(&WeightBlockId(index as u32))?;
    let width = line.token("a width (i8, …)")?;
    let bits = width.strip_prefix('i').and_then(u8::read);
    let bits = bits.ok_or_else(|| line.error(&format!("expected a width (i8, …), found `{width}`")))?;
    let n: usize = line.value()?;
    if line.takes("crc") {
        return Err(line.error("the weights are elided: assemble a full disassembly"));
    }
    line.end()?;
    let mut data = Vec::new();
    while let Some(mut row) = r.next_if(".w") {
        data.extend(row.runs::<i16>()?);
    }
    if data.len() != n {
        return Err(line.error(&format!("{n} weights announced, {} given", data.len())));
    }
    Ok(WeightBlock { bits, data })
}
