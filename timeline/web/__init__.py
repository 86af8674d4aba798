"""A store in a browser: pages that read without scripts, what moves on them, and the HTTP API."""
