"""Pages of sites nobody described: any Chinese government or news page, read by its structure."""

from crawler.cms.generic.family import Generic

__all__ = ["Generic"]
