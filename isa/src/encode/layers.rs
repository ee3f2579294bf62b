//! The binary form of the layers: names and shapes, then the numbers of those layers that have any.
//!
//! The second list is absent where no layer is renumbered.

use super::{
    Cause,
    wire::{Fault, Reader, Wire, Writer, record},
};
use crate::{ids::LayerId, program::Layer};

struct Named {
    name: String,
    shape: (u16, u16, u16),
}

record!(Named { name, shape });

pub(super) fn put(layers: &[Layer], w: &mut Writer) {
    let named: Vec<Named> = layers.iter().map(|l| Named { name: l.name.clone(), shape: l.shape }).collect();
    named.put(w);
    let numbered = (0..).map(LayerId).zip(layers).filter(|(_, layer)| !layer.numbers.is_empty());
    let numbered: Vec<(LayerId, Vec<u32>)> = numbered.map(|(id, layer)| (id, layer.numbers.clone())).collect();
    if !numbered.is_empty() {
        numbered.put(w);
    }
}

pub(super) fn get(r: &mut Reader) -> Result<Vec<Layer>, Fault> {
    let named: Vec<Named> = Wire::get(r)?;
    let mut layers: Vec<Layer> =
        named.into_iter().map(|l| Layer { name: l.name, shape: l.shape, numbers: Vec::new() }).collect();
    if r.remaining() == 0 {
        return Ok(layers);
    }
    let fault = r.fault(Cause::Numbers);
    let numbered: Vec<(LayerId, Vec<u32>)> = Wire::get(r)?;
    let ascending = !numbered.is_empty() && numbered.windows(2).all(|pair| pair[0].0 < pair[1].0);
    for (id, numbers) in numbered {
        match layers.get_mut(usize::from(id.0)) {
            Some(layer) if ascending && !numbers.is_empty() => layer.numbers = numbers,
            _ => return Err(fault),
        }
    }
    if ascending { Ok(layers) } else { Err(fault) }
}
