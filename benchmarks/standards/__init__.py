"""Published benchmarks of questions on two axes of time: SpyTime and TPC-BiH, with their SQL."""
