"""The catalogue of a fleet in PostgreSQL: what all archives hold, for one SQL question. Derived from them."""
