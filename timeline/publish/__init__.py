"""What a store publishes for other engines: its log as a Delta table, and its beliefs along the reported
axis.

A published table is a copy or a view, and never the truth: nothing reads it to answer a question of the
store. `delta` keeps the Delta table of some files, of which `version` is one state and `checkpoint` a file
with that; `log_table` registers the files of the log in one. `beliefs` writes the beliefs to one of the
`places`, `manifest` says what of them is where, and `targets` remembers what was published where, so that an
erasure reaches it.
"""
