//! `normwatch setup`: questions on the terminal, or answers from a file, and a site file.

use std::fs::File;
use std::io::{Write, stderr, stdin, stdout};
use std::os::fd::AsFd;
use std::path::PathBuf;

use clap::Args;

use super::data_dirs::board_dirs;
use super::error::Error;
use super::{site, toolchain};
use crate::output::terminal::{Colours, TerminalSize, supports_live_view};
use crate::runtime::Shutdown;
use crate::setup::{AnswerFile, Here, KEYS, Place, Prompt, Wizard, can_write, next_steps, write};

/// Board, cameras and who feeds the watchdog are found out; a still of the camera is taken
/// and judged; the relay clicks if you want it to. Each answer is checked as `check` would
/// before the next question, and nothing but the still is written until all are given. It
/// can be run again: the site file that is there gives the usual answers, what is not asked
/// for stays in it, and the old file is kept beside the new one.
#[derive(Args, Debug)]
#[command(after_help = keys())]
pub(super) struct SetupArgs {
    /// The site file to make; another name than `site` is for a further camera.
    #[arg(long, value_name = "FILE", default_value = "/etc/normwatch/site.toml")]
    config: PathBuf,
    /// Take the answers from a TOML file, without a terminal.
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Replace a site file that is there without asking; the old one is kept beside it.
    #[arg(long)]
    force: bool,
    /// Print the site file on standard output instead of writing it.
    #[arg(long)]
    dry_run: bool,
    /// Where to put the still of the camera, a JPEG.
    #[arg(long, value_name = "FILE", default_value = "normwatch-still.jpg")]
    still: PathBuf,
}

fn keys() -> String {
    let mut text = String::from(
        "Keys of a file of answers. One that is missing has its usual answer: that of the site file \
         that is there, or what was found. Where there is none, the error names the key.\n",
    );
    for (key, what) in KEYS {
        text += &format!("\n  {key:<15} {what}");
    }
    text
}

pub(super) fn run(args: &SetupArgs) -> Result<(), Error> {
    let shutdown = Shutdown::on_signals().map_err(Error::signals)?;
    let board_dirs = board_dirs(&args.config);
    let here = Here { board_dirs: &board_dirs, shutdown: &shutdown };
    let place = Place {
        file: &args.config,
        board_dirs: &board_dirs,
        still: &args.still,
        replaces: args.force || args.dry_run,
    };
    if !args.dry_run {
        can_write(&args.config)?;
    }
    // Standard output is the site file's then.
    let out: Box<dyn Write> = if args.dry_run { Box::new(stderr()) } else { Box::new(stdout()) };
    let made = match &args.answers {
        Some(file) => {
            let mut answers = AnswerFile::read(file, out)?;
            Wizard::new(&here, &mut answers, place).run()?
        }
        None => {
            // Without a buffer: whoever waits for a line has to see that there is none.
            let input = stdin().as_fd().try_clone_to_owned().map_err(Error::output)?;
            let mut prompt = Prompt::new(File::from(input), out, &shutdown);
            if !args.dry_run && supports_live_view(stdout()) {
                let size = TerminalSize::of(stdout());
                prompt = prompt.drawing(size, Colours::from_environment());
            }
            Wizard::new(&here, &mut prompt, place).run()?
        }
    };
    if args.dry_run {
        print!("{}", made.text);
        return Ok(());
    }
    let kept = write(&args.config, &made.text)?;
    let site = site::load(&args.config)?;
    println!("\nwritten: {}", args.config.display());
    if let Some(kept) = kept {
        println!("kept:    {}", kept.display());
    }
    print!("{}", next_steps(&made.draft, &site, toolchain::find().is_ok()));
    Ok(())
}
