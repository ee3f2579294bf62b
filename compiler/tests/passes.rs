//! File tests: a network, a pass, and what `--dump-after` prints then or what the user is told instead, one text file each.
//!
//! ```text
//! # A sentence: what the case shows.
//! pass: tile                    the pass whose outcome is shown; the passes before it run too, all with their checkers
//! chip: loihi1                  a preset; then, if wanted, what differs from it and how to compile, from the table below
//! --- network
//! (stage: "quantized", …)       trained graphs begin at `verify`, quantized ones at `legalize`
//! --- outcome
//! …                             written by `BLESS=1 cargo test -p spikeloom-compiler --test passes`
//! ```
//!
//! | key | value |
//! |---|---|
//! | `neurons`, `axons-in`, `axons-out`, `fan-in`, `weights-per-neuron` | what a core holds |
//! | `weight-memory` | bits of a core's weight memory |
//! | `mesh` | routers, `2x3`, on one chip |
//! | `cores-per-router` | cores of a router |
//! | `state-bits` | width of a potential |
//! | `weight-bits` | width that a trained network is quantized to |
//! | `balance` | `yes`: spend idle cores |

use ir::{Graph, Quantized, Trained, text};
use isa::{Arch, arch::preset::preset};
use spikeloom_compiler::{
    CompileError, Observer, Options, PASSES, PassInfo, QuantizeOptions, compile, compile_quantized_observed,
};
use std::{collections::BTreeSet, env, fs, ops::ControlFlow, path::PathBuf};

/// A file taken apart.
struct Case {
    pass: String,
    arch: Arch,
    weight_bits: u32,
    balance: bool,
    network: String,
    outcome: String,
}

impl Case {
    fn parse(text: &str) -> Result<Self, String> {
        let (head, rest) = text.split_once("--- network\n").ok_or("there is no line `--- network`")?;
        let (network, outcome) = rest.split_once("--- outcome\n").ok_or("there is no line `--- outcome`")?;
        if !head.starts_with("# ") {
            return Err("it begins with a sentence behind `# `".into());
        }
        let mut case = Self {
            pass: String::new(),
            arch: preset("loihi1").ok_or("loihi1 is a preset")?,
            weight_bits: 8,
            balance: false,
            network: network.into(),
            outcome: outcome.into(),
        };
        for line in head.lines().filter(|line| !line.starts_with('#')) {
            let (key, value) = line.split_once(": ").ok_or_else(|| format!("`{line}` is no `key: value`"))?;
            case.set(key, value.trim())?;
        }
        if PASSES.iter().all(|pass| pass.name != case.pass) {
            return Err(format!("`{}` is no pass", case.pass));
        }
        Ok(case)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let n = || value.parse::<u64>().map_err(|error| format!("{key}: {error}"));
        let some = |n| Some(isa::arch::Constant { value: n, ..preset("loihi1").expect("a preset").tick_ps });
        let core = &mut self.arch.core;
        match key {
            "pass" => self.pass = value.into(),
            "chip" => self.arch = preset(value).ok_or_else(|| format!("`{value}` is no preset"))?,
            "weight-bits" => self.weight_bits = n()? as u32,
            "balance" => self.balance = value == "yes",
            "neurons" => core.neurons = some(n()?),
            "axons-in" => core.axons_in = some(n()?),
            "axons-out" => core.axons_out = some(n()?),
            "fan-in" => core.fan_in = some(n()?),
            "weights-per-neuron" => core.weights_per_neuron = some(n()?),
            "weight-memory" => core.memories.weights.bits = some(n()?),
            "state-bits" => core.state_bits = n()? as u32,
            "cores-per-router" => self.arch.mesh.cores_per_router = n()? as u32,
            "mesh" => {
                let (w, h) = value.split_once('x').ok_or("mesh: write 2x3")?;
                let side = |text: &str| text.parse().map_err(|error| format!("mesh: {error}"));
                let mesh = &mut self.arch.mesh;
                (mesh.width, mesh.height, mesh.chips) = (side(w)?, side(h)?, (1, 1));
            }
            _ => return Err(format!("`{key}` is no key; the table in compiler/tests/passes.rs lists them")),
        }
        Ok(())
    }

    /// What the pass leaves, or what the user is told.
    fn run(&self) -> Result<String, String> {
        let options = Options { check: true, balance: self.balance, ..Options::default() };
        let mut until = Until { pass: &self.pass, dump: None };
        let trained = text::parse::<Trained>(&self.network);
        let ended = match (trained, text::parse::<Quantized>(&self.network)) {
            (Ok(graph), _) => self.compile(&graph, &options, &mut until),
            (_, Ok(graph)) => compile_quantized_observed(&graph, &self.arch, &options, &mut until).map(drop),
            (Err(text::TextError::Stage { .. }), Err(error)) | (Err(error), _) => return Err(error.to_string()),
        };
        match (ended, until.dump) {
            (Err(CompileError::Stopped(_)), Some(dump)) => Ok(dump),
            (Err(CompileError::Diagnostics(refused)), None) => Ok(told(&refused.to_string())),
            (Err(error), _) => Err(error.to_string()),
            (Ok(()), _) => Err(format!("`{}` does not run for this network", self.pass)),
        }
    }

    fn compile(&self, graph: &Graph<Trained>, options: &Options, until: &mut Until<'_>) -> Result<(), CompileError> {
        let quantize = QuantizeOptions { weight_bits: self.weight_bits, ..QuantizeOptions::default() };
        compile(graph, &self.arch, &quantize, options, until).map(drop)
    }
}

/// A refusal without the list of other presets, which grows with the presets.
fn told(refused: &str) -> String {
    let line = |line: &str| line.split("; as it is, the network fits").next().unwrap_or(line).to_owned();
    format!("refused:\n{}\n", refused.lines().map(line).collect::<Vec<_>>().join("\n"))
}

/// Keeps the dump of a pass and stops there.
struct Until<'a> {
    pass: &'a str,
    dump: Option<String>,
}

impl Observer for Until<'_> {
    fn end(&mut self, pass: PassInfo, dump: &dyn Fn() -> String) -> ControlFlow<()> {
        if pass.name != self.pass {
            return ControlFlow::Continue(());
        }
        self.dump = Some(dump());
        ControlFlow::Break(())
    }
}

fn cases() -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/passes");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).expect("the folder is there").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("a text"))).collect()
}

/// The first line that differs, with the one before it.
fn difference(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let longest = expected.len().max(found.len());
    let at = (0..longest).find(|&i| expected.get(i) != found.get(i)).unwrap_or(longest);
    let line = |of: &[&str]| of.get(at).map_or("the end".into(), |line| format!("`{line}`"));
    format!("line {} of the outcome is {}, not {}", at + 1, line(&found), line(&expected))
}

#[test]
fn every_file_shows_what_its_pass_does() {
    let bless = env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for (path, text) in cases() {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let outcome = Case::parse(&text).and_then(|case| Ok((case.run()?, case.outcome)));
        match outcome {
            Err(error) => wrong.push(format!("{name}: {error}")),
            Ok((found, expected)) if found == expected => {}
            Ok((found, expected)) if bless => {
                fs::write(&path, text.replace(&format!("--- outcome\n{expected}"), &format!("--- outcome\n{found}")))
                    .expect("writable");
            }
            Ok((found, expected)) => wrong.push(format!("{name}: {}", difference(&expected, &found))),
        }
    }
    let how = "if that is meant: BLESS=1 cargo test -p spikeloom-compiler --test passes, and read what changed";
    assert!(wrong.is_empty(), "{}\n{how}", wrong.join("\n"));
}

#[test]
fn every_pass_has_a_file_and_every_file_its_sentence() {
    let shown: BTreeSet<String> =
        cases().iter().filter_map(|(_, text)| Case::parse(text).ok()).map(|c| c.pass).collect();
    let missing: Vec<&str> = PASSES.iter().map(|pass| pass.name).filter(|name| !shown.contains(*name)).collect();
    assert!(missing.is_empty(), "no file of compiler/tests/passes shows {}", missing.join(", "));
}
