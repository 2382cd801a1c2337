"""Schemas generated from the record classes: for validators, reader libraries and documentation."""
