"""Speech records and their keeping: normalisation, item pipelines, the versioned archive."""

__version__ = "0.1.0"
