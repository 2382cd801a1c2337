"""Sites crawled by workers on several machines: jobs of procrastinate in PostgreSQL, one a site (extra `cluster`).

A worker takes a job only with the site's and its host's advisory locks in the database, without which no request
leaves (`leases`). What was tried is in the database, too (`journals`), so that every machine knows what is due.
"""
