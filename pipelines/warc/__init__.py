"""WARC 1.1 files (ISO 28500): records as bytes, one gzip member each. Standard library only.

Written here because every writer at hand changes what it is given (headers, digests, encodings); an archive's raw
bytes must stay as the wire had them.
"""
