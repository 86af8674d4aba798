"""Questions, and the values that answers come in.

The named questions as SQL, temporal SQL, named queries, the quick ways to one fact and to very many, and
the locked connections for SQL that people write.
"""
