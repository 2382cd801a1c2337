"""Speech records: normalisation, item pipelines, the versioned archive."""

__version__ = "0.1.0"
