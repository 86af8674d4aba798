"""What is measured of Timeline; each function here is a workload, named in `benchmarks.__main__`."""
