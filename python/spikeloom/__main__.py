"""The command ``spikeloom``: the same program as the Rust binary."""

import signal
import sys

from ._spikeloom import main as _main


def main() -> int:
    """Runs the command line with the process's arguments; returns its exit code."""
    # The command line handles Ctrl-C itself, or is ended by it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _main(["spikeloom", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
