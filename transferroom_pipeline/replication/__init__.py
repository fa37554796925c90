"""Copies of every legacy table on the target platform."""
