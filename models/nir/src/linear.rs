//! Nodes without state as linear maps.

use super::{
    map::{MAX_WEIGHTS, Map},
    model::{Convolution, Node, Pooling, Tensor, same_constant},
    shape,
};
use ir::{Connectivity, Conv2d, Pool, Shape};

/// The values of each channel, if they are the same all over its map.
pub(super) fn per_channel(values: &[f64], shape: Shape) -> Option<Vec<f64>> {
    values.chunks(shape.map()).map(|map| map.iter().all(|&v| same_constant(v, map[0])).then_some(map[0])).collect()
}

/// The linear map of a node between an input and an output of these shapes, and its constant: empty for zeros. `None` for nodes
/// that only change the shape.
pub(super) fn step(node: &Node, input: &[usize], output: &[usize]) -> Result<Option<(Map, Vec<f64>)>, String> {
    let none = Vec::new();
    match node {
        Node::Scale(scale) => {
            let pre = shape::arrangement(input).ok_or("is too large")?;
            let values = scale.expand(output).ok_or("scale does not fit its input")?;
            Ok(Some(match per_channel(&values, pre) {
                Some(factors) => (Map::factors(pre, factors), none),
                None => (Map::diagonal(pre, &values), none),
            }))
        }
        Node::Linear { weight, bias } => linear(weight, bias, input, output).map(Some),
        Node::Conv1d(conv) => {
            let line = |shape: &[usize]| match shape {
                [.., channels, columns] => Ok(vec![*channels, 1, *columns]),
                [columns] => Ok(vec![1, 1, *columns]),
                _ => Err(format!("takes [channels, columns], but gets the shape {shape:?}")),
            };
            let (input, output) = (line(input)?, line(output)?);
            Ok(Some((convolution(conv, &input, &output)?, spread(&conv.bias, &output))))
        }
        Node::Conv2d(conv) => Ok(Some((convolution(conv, input, output)?, spread(&conv.bias, output)))),
        Node::Pool(pool) => Ok(Some((pooling(*pool, input, output)?, none))),
        _ => Ok(None),
    }
}

/// A matrix on the last dimension; the others stay.
fn linear(weight: &Tensor, bias: &[f64], input: &[usize], output: &[usize]) -> Result<(Map, Vec<f64>), String> {
    let (out, inputs) = (weight.shape[0], weight.shape[1]);
    let too_large = "is too large";
    let rows = output.iter().product::<usize>() / out;
    let (pre, post) = (shape::arrangement(input).ok_or(too_large)?, shape::arrangement(output).ok_or(too_large)?);
    if rows == 1 {
        let (pre, post) = (Shape::vector(inputs as u32), Shape::vector(out as u32));
        let weights = weight.values.clone();
        return Ok((Map { pre, post, pool: None, connectivity: Connectivity::Dense, weights }, bias.to_vec()));
    }
    if rows.saturating_mul(weight.values.len()) > MAX_WEIGHTS {
        return Err(format!("is applied to {rows} rows, more weights than the {MAX_WEIGHTS} that are mapped"));
    }
    let list = |j: usize| {
        let (row, column) = (j / inputs, j % inputs);
        (0..out).map(|o| ((row * out + o) as u32, weight.values[o * inputs + column])).collect()
    };
    let map = Map::lists(pre, post, (0..rows * inputs).map(list).collect());
    Ok((map, bias.repeat(if bias.is_empty() { 0 } else { rows })))
}

/// A bias per channel as a value per element.
fn spread(bias: &[f64], output: &[usize]) -> Vec<f64> {
    let map: usize = output.iter().skip(1).product();
    if bias.iter().all(|&b| b == 0.0) {
        return Vec::new();
    }
    bias.iter().flat_map(|&b| std::iter::repeat_n(b, map)).collect()
}

fn pair(name: &str, (a, b): (usize, usize)) -> Result<(u32, u32), String> {
    match (u32::try_from(a), u32::try_from(b)) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        _ => Err(format!("{name}: {a} × {b} is beyond what can be mapped")),
    }
}

fn convolution(conv: &Convolution, input: &[usize], output: &[usize]) -> Result<Map, String> {
    let pre = shape::arrangement(input).ok_or("the input is no map")?;
    let post = shape::arrangement(output).ok_or("the output is no map")?;
    let [rows, columns] = shape::padding(conv);
    let widened;
    let conv = if rows.0 == rows.1 && columns.0 == columns.1 {
        conv
    } else {
        widened = widen(conv, [rows, columns])?;
        &widened
    };
    let geometry = Conv2d {
        kernel: pair("weight", (conv.weight.shape[2], conv.weight.shape[3]))?,
        stride: pair("stride", conv.stride)?,
        padding: pair("padding", (rows.1, columns.1))?,
        dilation: pair("dilation", conv.dilation)?,
        groups: conv.groups as u32,
    };
    let connectivity = Connectivity::Conv2d(geometry);
    Ok(Map { pre, post, pool: None, connectivity, weights: conv.weight.values.clone() })
}

/// The same convolution with equal padding on both sides: zeros in front of its kernel stand for the padding that is missing
/// there. A dilated kernel is written out.
fn widen(conv: &Convolution, padding: [(usize, usize); 2]) -> Result<Convolution, String> {
    let [out, per_group, rows, columns] = [0, 1, 2, 3].map(|side| conv.weight.shape[side]);
    let axis = |kernel: usize, dilation: usize, (front, behind): (usize, usize)| {
        if front == behind { (kernel, dilation, 0, 1) } else { (dilation * (kernel - 1) + 2, 1, 1, dilation) }
    };
    let (height, down, top, step_y) = axis(rows, conv.dilation.0, padding[0]);
    let (width, across, left, step_x) = axis(columns, conv.dilation.1, padding[1]);
    let area = height.checked_mul(width).and_then(|area| area.checked_mul(out * per_group));
    let area = area.filter(|&n| n <= MAX_WEIGHTS).ok_or("its kernel, written out, is too large")?;
    let mut values = vec![0.0; area];
    for (i, &weight) in conv.weight.values.iter().enumerate() {
        let (plane, y, x) = (i / (rows * columns), i / columns % rows, i % columns);
        values[(plane * height + top + y * step_y) * width + left + x * step_x] = weight;
    }
    let weight = Tensor { shape: vec![out, per_group, height, width], values };
    Ok(Convolution { weight, dilation: (down, across), ..conv.clone() })
}

/// Disjoint windows without padding are pooling; others are a depthwise convolution with equal weights. Padded zeros count in
/// a mean, as in PyTorch's default.
fn pooling(pool: Pooling, input: &[usize], output: &[usize]) -> Result<Map, String> {
    let pre = shape::arrangement(input).ok_or("the input is no map")?;
    let post = shape::arrangement(output).ok_or("the output is no map")?;
    let size = pair("kernel_size", pool.kernel)?;
    let area = pool.kernel.0.saturating_mul(pool.kernel.1);
    let weight = if pool.average { 1.0 / area as f64 } else { 1.0 };
    if pool.stride == pool.kernel && pool.padding == (0, 0) {
        let weights = vec![weight; pre.channels as usize];
        return Ok(Map { pre, post, pool: Some(Pool { size }), connectivity: Connectivity::OneToOne, weights });
    }
    let n = area.checked_mul(pre.channels as usize).filter(|&n| n <= MAX_WEIGHTS);
    let n = n.ok_or_else(|| format!("kernel_size: {size:?} is too large"))?;
    let (stride, padding) = (pair("stride", pool.stride)?, pair("padding", pool.padding)?);
    let conv = Conv2d { kernel: size, stride, padding, dilation: (1, 1), groups: pre.channels };
    Ok(Map { pre, post, pool: None, connectivity: Connectivity::Conv2d(conv), weights: vec![weight; n] })
}
