"""Proof that an archive is whole and true: bytes, chain, places in history, derived files and signatures."""
