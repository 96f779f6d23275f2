"""`qmcu`, and `python -m qmcu`."""

import sys


def main() -> None:
    """Run the command line and exit with its code; 130 also for Ctrl-C while it is imported."""
    try:
        from qmcu.cli import main as command_line
    except KeyboardInterrupt:
        print("qmcu: interrupted.", file=sys.stderr)
        sys.exit(130)
    command_line()


if __name__ == "__main__":
    main()
