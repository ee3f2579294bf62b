//! The assembler. Total: any text gives a program or an error with its line.

use super::text::{Text, conv_fields, dense_fields, read_run, sparse_fields};
use crate::{
    ids::{LayerId, RouteId, WeightBlockId},
    image::{AxonEntry, CoreImage, Destination, Emission, Route},
    op::{ChannelParams, ConvDescriptor, DenseDescriptor, Descriptor, Instruction, NeuronDescriptor, NeuronKind},
    program::{Coding, Encoding, InputPort, Layer, Program, WeightBlock},
    readout::Readout,
    sparse::{SparseDescriptor, SynapseList},
};
use std::ops::Range;

/// Why a text is not a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("assembly line {line}: {message}")]
pub struct AsmError {
    /// 1-based line; the last one if the text ends early.
    pub line: usize,
    /// What was expected and found.
    pub message: String,
}

/// The program of an assembly text.
///
/// # Errors
/// The first line that does not read, with what was expected.
pub fn assemble(text: &str) -> Result<Program, AsmError> {
    let mut r = Lines { lines: lines(text)?, next: 0 };
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
    line.end()?;
    let input = InputPort { layer, encoding, coding, emission: emission(&mut r)?, routes: routes(&mut r)? };
    let mut cores = Vec::new();
    while let Some(line) = r.next_if(".core") {
        cores.push(core(&mut r, line)?);
    }
    let mut weights = Vec::new();
    while let Some(line) = r.next_if(".wgt") {
        weights.push(block(&mut r, line, weights.len())?);
    }
    match r.lines.get(r.next) {
        None => Ok(Program { name, arch, timesteps, layers, input, readout, weights, cores }),
        Some(line) => {
            Err(line.error("a statement out of place: the order is .program, .layer, .readout, .input, .core, .wgt"))
        }
    }
}

/// The tokens of one line.
#[derive(Clone)]
struct Line {
    number: usize,
    tokens: Vec<String>,
    next: usize,
}

struct Lines {
    lines: Vec<Line>,
    next: usize,
}

/// Splits a text into lines of tokens, comments and empty lines dropped.
fn lines(text: &str) -> Result<Vec<Line>, AsmError> {
    let mut lines = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let (number, mut tokens, mut rest) = (i + 1, Vec::new(), line.trim_start());
        while !rest.is_empty() && !rest.starts_with('#') {
            let token = token(rest).ok_or(AsmError { line: number, message: "a quoted text without end".into() })?;
            tokens.push(rest[token.clone()].to_string());
            rest = rest[token.end..].trim_start();
        }
        if !tokens.is_empty() {
            lines.push(Line { number, tokens, next: 0 });
        }
    }
    Ok(lines)
}

/// The first token of a line that does not start with a space.
fn token(rest: &str) -> Option<Range<usize>> {
    if !rest.starts_with('"') {
        return Some(0..rest.find(char::is_whitespace).unwrap_or(rest.len()));
    }
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map(|(i, _)| 0..i + 1)
}

impl Lines {
    fn next_if(&mut self, keyword: &str) -> Option<Line> {
        let mut line = self.lines.get(self.next).filter(|line| line.tokens[0] == keyword)?.clone();
        self.next += 1;
        line.next = 1;
        Some(line)
    }

    fn must(&mut self, keyword: &str) -> Result<Line, AsmError> {
        self.next_if(keyword).ok_or_else(|| match self.lines.get(self.next) {
            Some(line) => line.error(&format!("expected `{keyword}`, found `{}`", line.tokens[0])),
            None => AsmError {
                line: self.lines.last().map_or(1, |line| line.number),
                message: format!("expected `{keyword}`, found the end"),
            },
        })
    }
}

impl Line {
    fn error(&self, message: &str) -> AsmError {
        AsmError { line: self.number, message: message.into() }
    }

    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.next).map(String::as_str)
    }

    fn token(&mut self, what: &str) -> Result<String, AsmError> {
        let token =
            self.peek().map(String::from).ok_or_else(|| self.error(&format!("expected {what}, found the end")))?;
        self.next += 1;
        Ok(token)
    }

    fn value<T: Text>(&mut self) -> Result<T, AsmError> {
        let token = self.token(T::WHAT)?;
        T::read(&token).ok_or_else(|| self.error(&format!("expected {}, found `{token}`", T::WHAT)))
    }

    fn word(&mut self, word: &str) -> Result<(), AsmError> {
        let token = self.token(&format!("`{word}`"))?;
        if token == word { Ok(()) } else { Err(self.error(&format!("expected `{word}`, found `{token}`"))) }
    }

    fn after<T: Text>(&mut self, word: &str) -> Result<T, AsmError> {
        self.word(word)?;
        self.value()
    }

    fn takes(&mut self, word: &str) -> bool {
        let is = self.peek() == Some(word);
        self.next += usize::from(is);
        is
    }

    /// One of two words: whether it is the second.
    fn either(&mut self, no: &str, yes: &str) -> Result<bool, AsmError> {
        let token = self.token(&format!("`{no}` or `{yes}`"))?;
        match token == yes {
            false if token != no => Err(self.error(&format!("expected `{no}` or `{yes}`, found `{token}`"))),
            is => Ok(is),
        }
    }

    fn index<T: Text + PartialEq>(&mut self, expected: &T) -> Result<(), AsmError> {
        let found: T = self.value()?;
        let message = format!("entries count up: expected {}, found {}", expected.show(), found.show());
        if found == *expected { Ok(()) } else { Err(self.error(&message)) }
    }

    fn rest<T: Text>(&mut self) -> Result<Vec<T>, AsmError> {
        let mut values = Vec::new();
        while self.peek().is_some() {
            values.push(self.value()?);
        }
        Ok(values)
    }

    fn runs<T: Text + Clone>(&mut self) -> Result<Vec<T>, AsmError> {
        let mut values = Vec::new();
        while self.peek().is_some() {
            let token = self.token(T::WHAT)?;
            read_run(&token, &mut values)
                .ok_or_else(|| self.error(&format!("expected {} or a run of them, found `{token}`", T::WHAT)))?;
        }
        Ok(values)
    }

    fn end(&self) -> Result<(), AsmError> {
        self.peek().map_or(Ok(()), |token| Err(self.error(&format!("expected the end of the line, found `{token}`"))))
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
        "events" => Ok(Coding::Events),
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
            "conv" => Descriptor::Conv(conv(&mut line)?),
            "dense" => Descriptor::Dense(dense(&mut line)?),
            "sparse" => Descriptor::Sparse(sparse(&mut line)?),
            "nrn" => Descriptor::Neurons(neurons(&mut line)?),
            _ => return Err(line.error(&format!("expected `conv`, `dense`, `sparse` or `nrn`, found `{kind}`"))),
        };
        line.word("}")?;
        line.end()?;
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

fn conv(line: &mut Line) -> Result<ConvDescriptor, AsmError> {
    let mut d = ConvDescriptor {
        layer: LayerId(0),
        kernel: (0, 0),
        stride: (0, 0),
        padding: (0, 0),
        dilation: (0, 0),
        pool: (0, 0),
        source: (0, 0),
        origin: (0, 0, 0),
        extent: (0, 0, 0),
        in_per_group: 0,
        out_per_group: 0,
        first_channel: 0,
        n_channels: 0,
        span: 0,
        weights: WeightBlockId(0),
        v_base: 0,
    };
    macro_rules! each {
        ($name:literal, $field:expr) => {
            $field = line.after($name)?
        };
    }
    conv_fields!(each, d);
    Ok(d)
}

fn dense(line: &mut Line) -> Result<DenseDescriptor, AsmError> {
    let mut d = DenseDescriptor {
        layer: LayerId(0),
        source: (0, 0, 0),
        pool: (0, 0),
        n: 0,
        weights: WeightBlockId(0),
        v_base: 0,
    };
    macro_rules! each {
        ($name:literal, $field:expr) => {
            $field = line.after($name)?
        };
    }
    dense_fields!(each, d);
    Ok(d)
}

/// A sparse projection without its lists, which follow on lines of their own.
fn sparse(line: &mut Line) -> Result<SparseDescriptor, AsmError> {
    let mut d = SparseDescriptor {
        layer: LayerId(0),
        source: (0, 0, 0),
        pool: (0, 0),
        n: 0,
        weights: WeightBlockId(0),
        v_base: 0,
        lists: Vec::new(),
    };
    macro_rules! each {
        ($name:literal, $field:expr) => {
            $field = line.after($name)?
        };
    }
    sparse_fields!(each, d);
    Ok(d)
}

/// A tile without its parameters and emission, which follow on lines of their own.
fn neurons(line: &mut Line) -> Result<NeuronDescriptor, AsmError> {
    let (layer, origin) = (line.after("layer")?, line.after("at")?);
    let (extent, v_base) = (line.after("of")?, line.after("v")?);
    let kind = if line.either("accumulate", "spike")? {
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
