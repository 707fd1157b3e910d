"""Measure speed and memory as ratios to a baseline of the same run."""
