//! The binary `spikeloom`.

fn main() -> std::process::ExitCode {
    spikeloom_cli::main()
}
