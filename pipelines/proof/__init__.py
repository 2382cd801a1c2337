"""Proofs for others: anchors made with an authority of time, and the page that proves one text."""
