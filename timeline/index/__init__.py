"""What follows from the log, in DuckDB; all of it may be deleted at any time.

How a generation is built and published, what was appended since (the tail), and the readers over both.
"""
