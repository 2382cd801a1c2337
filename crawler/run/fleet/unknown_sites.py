"""Sites that a deployment names and of which there is no profile."""

from __future__ import annotations

from collections.abc import Container

from crawler.run.fleet.deployment import Deployment
from crawler.sites.lookup import Known
from crawler.sites.profile import is_name


def without_profile(deployment: Deployment, names: Container[str]) -> list[Known]:
    """The sites that a deployment names and of which there is no profile: these `names` have one.

    It is a slip of the hand, or the profile was removed: no site is forgotten silently.
    """
    named = sorted(set(filter(is_name, deployment.sites)))
    return [unknown(deployment, site) for site in named if site not in names]


def unknown(deployment: Deployment, site: str) -> Known:
    """A site without a profile, and what to do about it."""
    remedy = f"write {deployment.profiles or deployment.file.parent / 'sites'}/{site}.toml, or correct `sites`"
    return Known(site=site, error=f"{deployment.file}: there is no profile of {site}; {remedy}")
