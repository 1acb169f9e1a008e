"""`make bench`: figures of one run side by side, as ratios. `docs/benchmarks.md` says how to read them."""
