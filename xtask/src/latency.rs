//! What outputs that fail, and those who look at the page, cost the line.

use anyhow::Result;
use normwatch_host::shell;

/// Prints median and 99th percentile of a frame's way to the lines, with every output
/// failing at once and with none, and with as many viewers of the page as there may be.
/// Both are among the tests, which only ask that nobody waits.
///
/// # Errors
/// The test fails, or cannot be run.
pub fn run() -> Result<()> {
    // Of the whole workspace, or tract is compiled again with other features.
    let test = ["test", "--workspace", "--locked", "--test", "integration", "--"];
    let which = [
        "latency::the_line_is_on_time_while_every_output_fails",
        "viewers::the_line_is_on_time_whoever_looks",
        "--exact",
        "--nocapture",
        "--test-threads=1",
    ];
    shell::run("cargo", &[&test[..], &which].concat(), &[("CARGO_NET_OFFLINE", "true")])
}
