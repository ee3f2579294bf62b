//! Progress bars: on standard error, and only if that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over `n` items called `what`; its message stands at the end of the line.
pub(crate) fn bar(n: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(n), ProgressDrawTarget::stderr_with_hz(8));
    let template = format!("{{bar:28}} {{pos}}/{{len}} {what}  {{per_sec}}  ETA {{eta}}  {{msg}}");
    bar.set_style(ProgressStyle::with_template(&template).expect("the template is valid").progress_chars("━╸─"));
    bar
}
