//! Ctrl-C, SIGTERM and SIGHUP: the first sets a flag that long commands look at, so that they stop cleanly with what is done; the
//! second ends the process.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

/// The flag that the signals set, one for the process.
pub(crate) fn flag() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let install = || {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        // A handler that cannot be installed leaves the default: Ctrl-C ends the process.
        let _ = ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            eprintln!("stopping; press Ctrl-C again to quit at once");
        });
        stop
    };
    Arc::clone(FLAG.get_or_init(install))
}
