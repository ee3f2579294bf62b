//! Standard output. A full disk or a closed pipe is an error line and exit code 2, not a panic.

use std::{fmt::Arguments, io::Write};

/// Prints; ends the process where that cannot be done.
pub(crate) fn print(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        unwritable(&error);
    }
}

/// Ends the process because standard output cannot be written.
pub(crate) fn unwritable(error: &std::io::Error) -> ! {
    eprintln!("error: standard output cannot be written: {error}; results are lost");
    std::process::exit(2);
}

/// In place of the standard macro, which panics.
macro_rules! print {
    ($($text:tt)*) => { $crate::out::print(format_args!($($text)*)) };
}

/// In place of the standard macro, which panics.
macro_rules! println {
    () => { $crate::out::print(format_args!("\n")) };
    ($($text:tt)*) => { $crate::out::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// Columns that tables have: what COLUMNS says, or the terminal; unlimited where output goes elsewhere.
pub(crate) fn columns() -> Option<u16> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.filter(|columns| *columns >= 40).or_else(|| Some(console::Term::stdout().size_checked()?.1))
}
