"""From what people hand over to rows of the log.

Files become batches, batches are checked against what the store knows, and the recorder appends them.
"""
