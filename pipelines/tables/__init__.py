"""The tables of an export, all sites in each, and the forms in which they are written."""
