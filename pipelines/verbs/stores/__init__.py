"""Commands and addresses of stores: `sync`, and `s3://…` where a command takes an archive."""
