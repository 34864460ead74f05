//! The chores of this repository. What makes, measures and boots things is a
//! program of its own and is only called from here, so that whoever packages
//! the runtime compiles neither tract nor a trainer.

mod dist;
mod door;
mod faults;
mod fresh;
mod home_assistant;
mod kernels;
mod latency;
mod mutate;
mod page;
mod programs;
mod release;
mod sbom;
mod setup;
mod site;
mod sizes;
mod soak;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use normwatch_host::shell;

use programs::Arguments;

/// Everything that is done to this repository on a host. Commands that make or
/// measure networks, or boot boards, are programs of their own, built when they
/// are first called.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs, or names, what the tests need on this machine.
    Setup(setup::SetupArgs),
    /// Format, lints, all tests, the microcontroller build and the docs.
    Test(test::TestArgs),
    Tidy(tidy::TidyArgs),
    Dist(dist::DistArgs),
    Door(door::DoorArgs),
    Faults(faults::FaultsArgs),
    Fresh(fresh::FreshArgs),
    HomeAssistant(home_assistant::HomeAssistantArgs),
    /// How long a frame takes to the lines with every output failing or with none, and
    /// with viewers of the page or without.
    Latency,
    Mutate(mutate::MutateArgs),
    Page(page::PageArgs),
    Release(release::ReleaseArgs),
    Sbom(sbom::SbomArgs),
    Site(site::SiteArgs),
    Sizes(sizes::SizesArgs),
    Soak(soak::SoakArgs),
    /// normwatch-toolchain: trains a network on normal footage.
    Train(Arguments),
    /// normwatch-toolchain: makes a bundle of a RUN.
    Export(Arguments),
    /// normwatch-toolchain: makes a RUN of a PyTorch checkpoint.
    Import(Arguments),
    /// normwatch-toolchain: makes an int8 or f16 bundle of an f32 one.
    Quantize(Arguments),
    /// normwatch-toolchain: proves that bundles compute what they should.
    Verify(Arguments),
    /// normwatch-toolchain: learns from normal footage which scores are usual.
    Calibrate(Arguments),
    /// normwatch-toolchain: measures bundles on labelled footage.
    Eval(Arguments),
    /// normwatch-toolchain: trains and judges on every scene of a folder.
    Scenes(Arguments),
    /// normwatch-toolchain: signs a bundle.
    Sign(Arguments),
    /// normwatch-toolchain: renders synthetic footage of a walkway.
    Scene(Arguments),
    /// normwatch-bench: our kernels beside other runtimes, by time and by
    /// instructions.
    Bench(Arguments),
    /// normwatch-pictures: makes the pictures of the documents.
    Pictures(Arguments),
    /// normwatch-board-test: boots virtual boards and runs normwatch on them.
    BoardTest(Arguments),
    /// normwatch-board-test: compares the scores of aarch64 and x86-64.
    Parity(Arguments),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Setup(args) => setup::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Tidy(args) => tidy::run(&args),
        Command::Dist(args) => dist::run(&args),
        Command::Door(args) => door::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Fresh(args) => fresh::run(&args),
        Command::HomeAssistant(args) => home_assistant::run(&args),
        Command::Latency => latency::run(),
        Command::Mutate(args) => mutate::run(&args),
        Command::Page(args) => page::run(&args),
        Command::Release(args) => release::run(&args),
        Command::Sbom(args) => sbom::run(&args),
        Command::Site(args) => site::run(&args),
        Command::Sizes(args) => sizes::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Train(args) => return programs::toolchain("train", &args),
        Command::Export(args) => return programs::toolchain("export", &args),
        Command::Import(args) => return programs::toolchain("import", &args),
        Command::Quantize(args) => return programs::toolchain("quantize", &args),
        Command::Verify(args) => return programs::toolchain("verify", &args),
        Command::Calibrate(args) => return programs::toolchain("calibrate", &args),
        Command::Eval(args) => return programs::toolchain("eval", &args),
        Command::Scenes(args) => return programs::toolchain("scenes", &args),
        Command::Sign(args) => return programs::toolchain("sign", &args),
        Command::Scene(args) => return programs::toolchain("scene", &args),
        Command::Bench(args) => return programs::bench(&args),
        Command::Pictures(args) => return programs::pictures(&args),
        Command::BoardTest(args) => return programs::board_test("board-test", &args),
        Command::Parity(args) => return programs::board_test("parity", &args),
    };
    shell::exit_code(done)
}
