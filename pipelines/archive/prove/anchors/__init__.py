"""Anchors: heads of many archives under one Merkle root, which an authority time-stamped (RFC 3161)."""
