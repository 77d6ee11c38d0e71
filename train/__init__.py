"""Fits, measures and publishes models. Reads a workspace, writes model folders."""
