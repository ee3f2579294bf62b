//! How a layer is written in a file: one flat object, whose fields depend on `kind`.
//!
//! Reading checks everything a formula relies on: positive sizes, groups that divide the channels, a kernel that fits the
//! padded map. An error names the layer, the field and the remedy.

use serde::{Deserialize, Serialize};

use super::network::{Conv, Layer, Neuron, Shape};

/// The longest side of a map or kernel: what follows from sides is then counted in 32 bits.
const MOST_SIDE: u32 = 1 << 20;

/// A number for both directions, or one for each.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum Pair {
    Both(u32),
    Each([u32; 2]),
}

impl Pair {
    fn each(self) -> [u32; 2] {
        match self {
            Self::Both(n) => [n, n],
            Self::Each(pair) => pair,
        }
    }
}

impl From<[u32; 2]> for Pair {
    fn from([a, b]: [u32; 2]) -> Self {
        if a == b { Self::Both(a) } else { Self::Each([a, b]) }
    }
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Conv,
    Fc,
}

/// A layer as written in files.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayerFile {
    kind: Kind,
    #[serde(default)]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cin: Option<u32>,
    #[serde(alias = "hin", skip_serializing_if = "Option::is_none")]
    h: Option<u32>,
    #[serde(alias = "win", skip_serializing_if = "Option::is_none")]
    w: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cout: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stride: Option<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    padding: Option<Pair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nin: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nout: Option<u32>,
    #[serde(default)]
    bias: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    biased_channels: Option<u32>,
    #[serde(default)]
    neuron: Option<Neuron>,
    #[serde(default)]
    analog: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    theta_in: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theta_out: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_spikes: Option<Vec<f64>>,
}

impl TryFrom<LayerFile> for Layer {
    type Error = String;

    fn try_from(file: LayerFile) -> Result<Self, String> {
        let in_layer = |what: String| format!("layer `{}`: {what}", file.name);
        let need = |field: Option<u32>, name: &str| match field {
            Some(0) => Err(in_layer(format!("`{name}` is 0; give a positive number"))),
            Some(n) => Ok(n),
            None => Err(in_layer(format!("`{name}` is missing; add it"))),
        };
        let shape = match file.kind {
            Kind::Fc => {
                let foreign = [file.cin, file.h, file.w, file.cout, file.groups].iter().any(Option::is_some)
                    || [file.kernel, file.stride, file.padding].iter().any(Option::is_some);
                if foreign {
                    return Err(in_layer("a fully connected layer takes only `nin` and `nout`".into()));
                }
                Shape::Fc { n_in: need(file.nin, "nin")?, n_out: need(file.nout, "nout")? }
            }
            Kind::Conv => {
                if file.nin.is_some() || file.nout.is_some() {
                    return Err(in_layer("a convolution takes `cin`, `h`, `w`, `cout`, not `nin`, `nout`".into()));
                }
                let kernel = file.kernel.ok_or_else(|| in_layer("`kernel` is missing; add it".into()))?;
                let conv = Conv {
                    c_in: need(file.cin, "cin")?,
                    h_in: need(file.h, "h")?,
                    w_in: need(file.w, "w")?,
                    c_out: need(file.cout, "cout")?,
                    kernel: kernel.each(),
                    stride: file.stride.map_or([1, 1], Pair::each),
                    padding: file.padding.map_or([0, 0], Pair::each),
                    groups: file.groups.unwrap_or(1),
                };
                check_conv(&conv).map_err(in_layer)?;
                Shape::Conv(conv)
            }
        };
        let LayerFile { name, bias, biased_channels, neuron, analog, theta_in, theta_out, input_spikes, .. } = file;
        if let Some(n) = biased_channels.filter(|&n| f64::from(n) > shape.c_out()) {
            return Err(format!("layer `{name}`: `biased_channels` is {n}, of {} channels", shape.c_out()));
        }
        let even = false;
        Ok(Self { name, shape, bias, biased_channels, neuron, analog, theta_in, theta_out, input_spikes, even })
    }
}

fn check_conv(conv: &Conv) -> Result<(), String> {
    let fields = [
        ("h", conv.h_in),
        ("w", conv.w_in),
        ("kernel", conv.kernel[0].max(conv.kernel[1])),
        ("stride", conv.stride[0].max(conv.stride[1])),
        ("padding", conv.padding[0].max(conv.padding[1])),
    ];
    if let Some((field, n)) = fields.into_iter().find(|&(_, n)| n > MOST_SIDE) {
        return Err(format!("`{field}` is {n}; give at most {MOST_SIDE}"));
    }
    if conv.kernel.contains(&0) || conv.stride.contains(&0) {
        return Err("`kernel` and `stride` must be at least 1".into());
    }
    if conv.groups == 0 || !conv.c_in.is_multiple_of(conv.groups) || !conv.c_out.is_multiple_of(conv.groups) {
        return Err(format!("`groups` {} must divide cin {} and cout {}", conv.groups, conv.c_in, conv.c_out));
    }
    let padded = [conv.h_in + 2 * conv.padding[0], conv.w_in + 2 * conv.padding[1]];
    if padded[0] < conv.kernel[0] || padded[1] < conv.kernel[1] {
        return Err(format!("the kernel {:?} is larger than the padded map {padded:?}", conv.kernel));
    }
    Ok(())
}

impl From<Layer> for LayerFile {
    fn from(layer: Layer) -> Self {
        let Layer { name, shape, bias, biased_channels, neuron, analog, theta_in, theta_out, input_spikes, .. } = layer;
        let conv = if let Shape::Conv(c) = shape { Some(c) } else { None };
        let (nin, nout) = if let Shape::Fc { n_in, n_out } = shape { (Some(n_in), Some(n_out)) } else { (None, None) };
        Self {
            kind: if conv.is_some() { Kind::Conv } else { Kind::Fc },
            name,
            cin: conv.map(|c| c.c_in),
            h: conv.map(|c| c.h_in),
            w: conv.map(|c| c.w_in),
            cout: conv.map(|c| c.c_out),
            kernel: conv.map(|c| c.kernel.into()),
            stride: conv.map(|c| c.stride.into()),
            padding: conv.map(|c| c.padding.into()),
            groups: conv.map(|c| c.groups),
            nin,
            nout,
            bias,
            biased_channels,
            neuron,
            analog,
            theta_in,
            theta_out,
            input_spikes,
        }
    }
}
