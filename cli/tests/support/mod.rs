//! Running the binary as a user does.

use std::{
    path::Path,
    process::{Command, Output},
};

/// What a command did.
pub(crate) struct Ran {
    /// Exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

/// Runs `spikeloom` with these arguments in a folder, with no data sets but the bundled images.
pub(crate) fn spikeloom(folder: &Path, args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_spikeloom"))
        .args(args)
        .current_dir(folder)
        .env("SPIKELOOM_DATA", folder.join("no-data"))
        .output()
        .expect("the binary runs");
    Ran {
        code: status.code().expect("not ended by a signal"),
        out: String::from_utf8(stdout).expect("UTF-8"),
        err: String::from_utf8(stderr).expect("UTF-8"),
    }
}
