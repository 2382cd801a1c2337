"""The commands of `python -m pipelines` about a root of archives."""
