"""Tests of the comparison engine, on tiny real tables."""
