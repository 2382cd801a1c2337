"""Verification of an archive: bytes, hash chain, history rules, derived files and signatures."""
