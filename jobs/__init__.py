"""Decide what happens to a job; standard library only."""
