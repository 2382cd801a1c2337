"""Damaged replicas: every crawl of one equals the truth or says what is missing."""
