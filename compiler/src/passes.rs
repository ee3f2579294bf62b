//! The list of passes, which is what runs: a row names a pass, says what it does, and holds its work, its checker and its dump.
//!
//! ```text
//! Graph<Trained>   ─ verify, fold-norm, fold-scale, fold-linear, canonicalize ─►   fused       (fusing, on a `Net`)
//! fused            ─ quantize ─►   Graph<Quantized>                                            (quantizing, on a `Rounding`)
//! Graph<Quantized> ─ legalize, cut, renumber, tile, balance, place, route, emit ─►   Program   (mapping, on a `Mapping`)
//! ```
//!
//! A pass is added by a row here and a file in `pass`. The four folds share the checker of what they make together.

use crate::{
    check,
    diagnostics::{Diagnostics, Violations},
    dump,
    mapping::Mapping,
    observe::{Advance, Observer, PassInfo},
    pass::{
        canonicalize::canonicalize, fold_linear::fold_linear, fold_norm::fold_norm, fold_scale::fold_scale, net::Net,
        verify::sound,
    },
    pipeline::CompileError,
    rounding::Rounding,
};
use std::ops::ControlFlow;

/// A step of the compiler on a state S, which holds what the steps before it made.
pub(crate) struct Pass<S> {
    /// Its name, and what it does in one sentence.
    pub(crate) info: PassInfo,
    /// Its work.
    pub(crate) run: fn(&mut S, Advance<'_>) -> Result<(), Diagnostics>,
    /// The checker of its outcome, which shares no code with it.
    pub(crate) check: Option<fn(&S) -> Violations>,
    /// Its outcome as text.
    pub(crate) dump: fn(&S) -> String,
}

/// Rewrites into projections and neurons.
pub(crate) const fn fusing<'a>() -> [Pass<Net<'a>>; 5] {
    [
        Pass {
            info: PassInfo { name: "verify", doc: "Refuse a network that breaks a rule of docs/semantics.md." },
            run: |net, _| sound(net.origin),
            check: None,
            dump: |net| ir::text::print(net.origin),
        },
        Pass {
            info: PassInfo { name: "fold-norm", doc: "Fold normalizations into weights and initial potentials." },
            run: |net, _| fold_norm(net),
            check: None,
            dump: |net| ir::text::print(&net.graph()),
        },
        Pass {
            info: PassInfo { name: "fold-scale", doc: "Fold the real value of an input unit into weights." },
            run: |net, _| {
                fold_scale(net);
                Ok(())
            },
            check: None,
            dump: |net| ir::text::print(&net.graph()),
        },
        Pass {
            info: PassInfo { name: "fold-linear", doc: "Compose populations without neurons into projections." },
            run: |net, _| fold_linear(net),
            check: None,
            dump: |net| ir::text::print(&net.graph()),
        },
        Pass {
            info: PassInfo { name: "canonicalize", doc: "The input first, plain names, dense what covers its source." },
            run: |net, _| {
                canonicalize(net);
                Ok(())
            },
            check: Some(|net| check::fuse::check(net.origin, &net.graph())),
            dump: |net| ir::text::print(&net.graph()),
        },
    ]
}

/// Real to integer.
pub(crate) const fn quantizing<'a>() -> [Pass<Rounding<'a>>; 1] {
    [Pass {
        info: PassInfo {
            name: "quantize",
            doc: "Integer weights and thresholds, one scale per channel, widths proven.",
        },
        run: Rounding::quantize,
        check: Some(Rounding::check),
        dump: |rounding| ir::text::print(&rounding.outcome().graph),
    }]
}

/// Integers to a program for a chip.
pub(crate) const fn mapping<'a>() -> [Pass<Mapping<'a>>; 8] {
    [
        Pass {
            info: PassInfo {
                name: "legalize",
                doc: "Refuse what the chip cannot express; choose the width of stored weights.",
            },
            run: |m, _| m.legalize(),
            check: None,
            dump: |m| dump::widths(m.network, &m.bits),
        },
        Pass {
            info: PassInfo { name: "cut", doc: "Cut sparsely connected vectors into parts along shared sources." },
            run: |m, _| {
                m.cut();
                Ok(())
            },
            check: None,
            dump: |m| dump::cuts(m.network, &m.cuts),
        },
        Pass {
            info: PassInfo {
                name: "renumber",
                doc: "Put the neurons of cut populations into the order of their parts.",
            },
            run: |m, _| {
                m.renumber();
                Ok(())
            },
            check: Some(|m| check::order::check(m.network, &m.graph, &m.orders)),
            dump: |m| ir::text::print(&*m.graph),
        },
        Pass {
            info: PassInfo {
                name: "tile",
                doc: "Cut populations into tiles that fit a core; let small tiles share one.",
            },
            run: |m, _| m.tile(),
            check: Some(Mapping::check_partition),
            dump: |m| dump::partition(&m.graph, m.arch, m.fitted()),
        },
        Pass {
            info: PassInfo { name: "balance", doc: "If asked for, spend idle cores on the heaviest tiles." },
            run: |m, _| {
                m.balance();
                Ok(())
            },
            check: Some(Mapping::check_partition),
            dump: |m| dump::partition(&m.graph, m.arch, m.fitted()),
        },
        Pass {
            info: PassInfo { name: "place", doc: "Choose the core of every cluster, by map geometry and annealing." },
            run: Mapping::place,
            check: Some(|m| check::placement::check(m.arch, m.partition(), m.placement())),
            dump: |m| dump::placement(m.arch, m.partition(), m.placed()),
        },
        Pass {
            info: PassInfo {
                name: "route",
                doc: "Route tables: single packets, rectangles or trees, as the chip has them.",
            },
            run: |m, _| {
                m.route();
                Ok(())
            },
            check: Some(|m| check::routing::check(&m.layout(), m.routing())),
            dump: |m| dump::routing(m.partition(), m.placement(), m.routing()),
        },
        Pass {
            info: PassInfo { name: "emit", doc: "Descriptors, weight blocks, axon tables and handlers of every core." },
            run: |m, _| m.emit(),
            check: Some(|m| check::program::check(&m.graph, m.arch, m.program())),
            dump: |m| isa::disassemble(m.program(), isa::Style::Full),
        },
    ]
}

/// All passes in their order.
pub const PASSES: [PassInfo; 14] = {
    let (fusing, quantizing, mapping) = (fusing(), quantizing(), mapping());
    let mut all = [quantizing[0].info; 14];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < fusing.len() {
            fusing[at].info
        } else if at - fusing.len() < quantizing.len() {
            quantizing[at - fusing.len()].info
        } else {
            mapping[at - fusing.len() - quantizing.len()].info
        };
        at += 1;
    }
    all
};

/// Runs passes in their order: tells the observer, offers the dump, checks the outcome if asked to.
pub(crate) fn run<S>(
    passes: &[Pass<S>],
    state: &mut S,
    check: bool,
    observer: &mut dyn Observer,
) -> Result<(), CompileError> {
    for pass in passes {
        observer.begin(pass.info);
        (pass.run)(state, &mut |done, of| observer.stepped(done, of))?;
        let flow = observer.end(pass.info, &|| (pass.dump)(state));
        let found = pass.check.filter(|_| check).map(|check| check(state)).unwrap_or_default();
        if !found.0.is_empty() {
            return Err(CompileError::Violations(found));
        }
        if let ControlFlow::Break(()) = flow {
            return Err(CompileError::Stopped(pass.info));
        }
    }
    Ok(())
}
