"""Tests of the pipeline, one folder per stage."""
