//! Identities and time of the hardware side; `Display` is the name used in text files.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty), $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

id!(
    /// A core; cores of router r are `r·cores_per_router ..`. Displays as `core17`.
    CoreId(u32), "core"
);
id!(
    /// A router, row by row over the whole mesh: `y·width + x`. Displays as `router3`.
    RouterId(u32), "router"
);
id!(
    /// A layer of the program: a population of the compiled graph. Displays as `layer2`.
    LayerId(u16), "layer"
);
id!(
    /// The projection that an event belongs to, looked up in the axon table of the receiving core. Displays as `tag5`.
    Tag(u16), "tag"
);
id!(
    /// A route of a core's (or the input port's) route table. Displays as `route4`.
    RouteId(u32), "route"
);
id!(
    /// A block of weights in the program. Displays as `wgt2`.
    WeightBlockId(u32), "wgt"
);
id!(
    /// A timestep of the network. Displays as `t=3`; never interchangeable with [`Cycle`].
    Timestep(u32), "t="
);
id!(
    /// A moment of the chip in ticks of [`crate::arch::Arch::tick_ps`] picoseconds. Displays as `@120`.
    Cycle(u64), "@"
);
