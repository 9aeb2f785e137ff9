"""Almanac's side of the benchmark: its workspace, filled through the services that people use, and its processes."""
