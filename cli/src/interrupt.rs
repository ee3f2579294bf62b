//! Ctrl-C, SIGTERM and SIGHUP: the first sets a flag that long commands look at, so that they stop cleanly with what is done; the
//! second ends the process.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

/// The exit code of an interrupted command, as shells have it: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// The exit code of an interrupted command.
pub(crate) fn code() -> std::process::ExitCode {
    std::process::ExitCode::from(INTERRUPTED)
}

/// The flag that the signals set, one for the process.
pub(crate) fn flag() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let install = || {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        // A handler that cannot be installed leaves the default: Ctrl-C ends the process.
        let _ = ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(INTERRUPTED));
            }
            eprintln!("stopping; press Ctrl-C again to quit at once");
        });
        stop
    };
    Arc::clone(FLAG.get_or_init(install))
}
