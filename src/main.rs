//! The program `normwatch`; all of it is in the library.

fn main() -> std::process::ExitCode {
    normwatch::cli::main()
}
