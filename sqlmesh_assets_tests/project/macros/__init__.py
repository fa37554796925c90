"""Macros."""
