//! The binary `spikeloom`.

fn main() -> std::process::ExitCode {
    cli::main()
}
