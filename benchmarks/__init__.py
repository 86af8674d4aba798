"""Measurements of Timeline beside what people use instead; `python -m benchmarks` runs them."""
