"""Stores: where archives lie beyond this machine, a folder or a bucket, and copying to and from them."""
