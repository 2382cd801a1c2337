"""WARC 1.1 files (ISO 28500): records as bytes, one gzip member each. Standard library only.

Written here because every existing writer changes its input (headers, digests, encodings); an archive's raw bytes
must stay as received.
"""
