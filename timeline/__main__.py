"""`python -m timeline` is the `timeline` command."""

from timeline.cli.app import main

if __name__ == "__main__":
    main()
