//! What is changed: small valid files of each kind, made by the program itself or shipped with it.

use crate::entries::{small_program, small_record};
use spikeloom::Chip;

/// A graph of an input and four neurons.
pub(crate) const GRAPH: &str = include_str!("../corpus/graph.ron");
/// A convolution.
pub(crate) const CONVOLUTION: &str = include_str!("../corpus/convolution.ron");
/// A network of the analytical models.
pub(crate) const ANALYTIC: &str = include_str!("../corpus/analytic.json");

pub(crate) fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(crate) fn graphs() -> Vec<Vec<u8>> {
    texts(&[GRAPH, CONVOLUTION])
}

pub(crate) fn chips() -> Vec<Vec<u8>> {
    isa::arch::preset::PRESETS.iter().map(|(_, text)| text.as_bytes().to_vec()).collect()
}

pub(crate) fn tables() -> Vec<Vec<u8>> {
    energy::table::PRESETS.iter().map(|(_, text)| text.as_bytes().to_vec()).collect()
}

pub(crate) fn programs() -> Vec<Vec<u8>> {
    vec![isa::encode(small_program())]
}

pub(crate) fn assembly() -> Vec<Vec<u8>> {
    vec![isa::disassemble(small_program(), isa::Style::Full).into_bytes()]
}

/// A trained network of two layers of ten channels.
const NETWORK: &[u8] = include_bytes!("../corpus/network.safetensors");

pub(crate) fn networks() -> Vec<Vec<u8>> {
    vec![NETWORK.to_vec()]
}

/// Header and values of [`NETWORK`].
fn network_parts() -> (serde_json::Value, &'static [u8]) {
    let (length, rest) = NETWORK.split_at(8);
    let length = u64::from_le_bytes(length.try_into().expect("eight bytes")) as usize;
    let (header, values) = rest.split_at(length);
    (serde_json::from_slice(header).expect("JSON"), values)
}

pub(crate) fn network_metadata() -> Vec<Vec<u8>> {
    let (header, _) = network_parts();
    vec![header["__metadata__"]["spikeloom"].as_str().expect("text").as_bytes().to_vec()]
}

/// The trained network with other metadata.
pub(crate) fn network_of(metadata: &str) -> Vec<u8> {
    let (mut header, values) = network_parts();
    header["__metadata__"]["spikeloom"] = metadata.into();
    let mut header = header.to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    [&(header.len() as u64).to_le_bytes()[..], &header, values].concat()
}

pub(crate) fn settings() -> Vec<Vec<u8>> {
    let config = training::ffgaf::Config { epochs: 1, validation: 2, ..training::ffgaf::Config::default() };
    vec![config.to_toml().into_bytes()]
}

pub(crate) fn baselines() -> Vec<Vec<u8>> {
    texts(&[
        "method = \"ff-mlp\"\nhidden = [20, 30]\nlabel = 5.0\nthreshold = 1.0\ngain = 30.0\nlearning_rate = 0.001\nepochs = 2\nbatch = 4\nseed = 1\n",
        "method = \"cwcomp\"\nchannels = [20, 40]\ngroups = [1, 10]\npool = [false, true]\nstop = [1, 2]\nalpha = 1.0\nlearning_rate = 0.01\nclassifier_rate = 0.001\nepochs = 2\nbatch = 4\ncalibration = 10\nseed = 1\n",
    ])
}

pub(crate) fn records() -> Vec<Vec<u8>> {
    vec![small_record().to_json().into_bytes()]
}

pub(crate) fn rates() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"network": "small", "origin": "2 images", "steps": 8, "layers": [{"layer": "in", "events": [1, 2, 3, 4]}, {"layer": "out", "events": [0, 8, 3]}]}"#,
    ])
}

pub(crate) fn analytic() -> Vec<Vec<u8>> {
    texts(&[ANALYTIC])
}

pub(crate) fn recordings() -> Vec<Vec<u8>> {
    let tables = texts(&["sample,label,timestep,neuron\n0,1,0,0\n0,1,3,2\n1,0,7,3\n", "timestep,neuron\n0,0\n4,1\n"]);
    let cameras = [
        &include_bytes!("../../models/datasets/golden/aedat/none.aedat4")[..],
        include_bytes!("../../models/datasets/golden/aedat/lz4.aedat4"),
        include_bytes!("../../models/datasets/golden/aedat/zstd.aedat4"),
        b"#!AER-DAT3.1\r\n#!END-HEADER\r\n\x01\0\0\0\x08\0\0\0\x04\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x03\0\0\0\x09\0\0\0",
        b"#!AER-DAT2.0\r\n# x\r\n\0\0\x05\x06\0\0\0\x07",
    ];
    tables.into_iter().chain(cameras.map(<[u8]>::to_vec)).collect()
}

pub(crate) fn images() -> Vec<Vec<u8>> {
    let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3][..], &[7; 12]].concat();
    vec![images, [&[0, 0, 8, 1, 0, 0, 0, 3][..], &[0, 9, 4]].concat(), vec![3; datasets::cifar::RECORD_BYTES]]
}

pub(crate) fn spaces() -> Vec<Vec<u8>> {
    texts(&[include_str!("../../spaces/first.ron"), include_str!("../../spaces/multicast.ron")])
}

pub(crate) fn nir() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../models/nir/golden/small/snntorch_beta_1.nir").to_vec(),
        include_bytes!("../../models/nir/golden/small/snntorch_synaptic_cubalif.nir").to_vec(),
    ]
}

pub(crate) fn netx() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../models/netx/data/tinynet/tiny.net").to_vec()]
}

/// The chip that networks are compiled for.
pub(crate) fn chip() -> &'static Chip {
    static CHIP: std::sync::OnceLock<Chip> = std::sync::OnceLock::new();
    CHIP.get_or_init(|| Chip::open("loihi1").expect("it ships"))
}
