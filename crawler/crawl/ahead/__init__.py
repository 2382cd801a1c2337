"""Reading ahead: a second process reads articles as they arrive, so that two cores share a crawl.

It has no say: it answers questions about pages whose answers depend on nothing else, and what it does not answer is
read where it is needed. A crawl archives the same with and without it.
"""
