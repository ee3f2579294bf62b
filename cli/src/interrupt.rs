//! Ctrl-C, SIGTERM and SIGHUP. Work that can stop half-way and keep what it has holds a [`Patient`]: then the first signal raises its
//! flag, and the second ends the process. Without one, as while a network is compiled, the first ends the process at once; files
//! appear whole or not at all, so nothing is left half-written. Either way the exit code is 130.

use std::{
    ops::Deref,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// The exit code of an interrupted command, as shells have it: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

static SEEN: AtomicBool = AtomicBool::new(false);
static PATIENT: AtomicUsize = AtomicUsize::new(0);

/// The exit code of an interrupted command.
pub(crate) fn code() -> std::process::ExitCode {
    std::process::ExitCode::from(INTERRUPTED)
}

/// Looks out for signals, once for the process.
pub(crate) fn watch() {
    static WATCHED: OnceLock<()> = OnceLock::new();
    WATCHED.get_or_init(|| {
        // A handler that cannot be installed leaves the default: a signal ends the process.
        let _ = ctrlc::set_handler(|| {
            if SEEN.swap(true, Ordering::SeqCst) || PATIENT.load(Ordering::SeqCst) == 0 {
                eprintln!("interrupted");
                std::process::exit(i32::from(INTERRUPTED));
            }
            eprintln!("stopping; press Ctrl-C again to quit at once");
        });
    });
}

/// While it is held, signals raise a flag that the holder looks at.
#[derive(Debug)]
pub(crate) struct Patient(());

/// The flag that signals raise, for as long as it is held.
pub(crate) fn flag() -> Patient {
    watch();
    PATIENT.fetch_add(1, Ordering::SeqCst);
    Patient(())
}

impl Deref for Patient {
    type Target = AtomicBool;

    fn deref(&self) -> &AtomicBool {
        &SEEN
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        PATIENT.fetch_sub(1, Ordering::SeqCst);
    }
}
