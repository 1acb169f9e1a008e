"""HolmesGPT's API, both generations of it."""
