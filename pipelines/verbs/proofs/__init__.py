"""The commands that make proofs for others."""
