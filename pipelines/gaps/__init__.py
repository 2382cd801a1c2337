"""Gaps over many runs: which is the same as last night's, which a person has accepted, which is asked again when."""
