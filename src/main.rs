fn main() -> std::process::ExitCode {
    normwatch::cli::main()
}
