"""`python -m tests.replicas --flavour trs`: the replica of any family, with the arguments of `crawler.replica`."""

from functools import partial

from crawler.replica.__main__ import main
from tests.replicas import FAMILIES, family_replica

if __name__ == "__main__":
    main({flavour: partial(family_replica, flavour) for flavour in FAMILIES}, "tests.replicas")
