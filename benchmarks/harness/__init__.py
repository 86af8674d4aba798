"""How things are measured: data sets and stores of any size, rounds, processes of their own, tables."""
