"""The truth: numbered Parquet files that never change, one a commit.

What one file holds and its hashes, how files are put and listed, and the log: append, read, merge, verify.
"""
