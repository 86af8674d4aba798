"""The `timeline` command: a thin caller of `Timeline`. `main` is its entry point."""

from timeline.cli.app import main

__all__ = ["main"]
