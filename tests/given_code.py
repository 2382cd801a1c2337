"""`python -m tests.given_code CODE ARGUMENT …`: code of a test, which may die."""

import sys

if __name__ == "__main__":
    del sys.argv[0]
    exec(sys.argv[0], {"__name__": "__main__"})  # noqa: S102 - our own
