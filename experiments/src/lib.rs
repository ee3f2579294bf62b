//! Published tables and figures of FFGAF-SNN, made again from this program's own computations, and studies in which one
//! setting of the training varies.
//!
//! The paper is FFGAF-SNN (forward-forward training of convolutional spiking networks with class-complexity-aware groups).
//! Nothing is copied but what is printed there, and that is marked as printed. Every result is an [`Exhibit`]: text, CSV and a
//! picture.
//!
//! ```
//! use experiments::{Exhibit, Table1};
//! # use spikeloom_experiments as experiments;
//!
//! let table = Table1::new(&[])?;
//! assert!(table.text().contains("FFGAF-SNN"));
//! # Ok::<(), anyhow::Error>(())
//! ```

mod exhibit;
mod fig1;
mod fig2;
mod fig3;
mod fig5;
mod printed;
mod study;
mod table1;
mod table2;

pub use exhibit::{Exhibit, Provenance};
pub use fig1::Figure as Fig1;
pub use fig2::Figure as Fig2;
pub use fig3::Figure as Fig3;
pub use fig5::Figure as Fig5;
pub use study::{Figure as Study, Images, OnChip, Tradeoff, Trained, Variant, Vary, Watch, train_all, variants};
pub use table1::Table1;
pub use table2::Table2;
