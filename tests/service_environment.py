"""Give the variables that lead each video service's file to a stand-in."""

from collections.abc import Iterable, Mapping

BASES: Mapping[str, str] = {"kie": "", "acedata": "", "lumalabs": "/dream-machine/v1"}


def environment_for(services: Iterable[str], url: str, key: str, webhook_key: str = "") -> dict[str, str]:
    """Return the variables that switch services on, all of them at one stand-in's address."""
    environment: dict[str, str] = {}
    for name in services:
        environment[f"{name.upper()}_API_KEY"] = key
        environment[f"{name.upper()}_API_URL"] = url + BASES[name]
    if "KIE_API_KEY" in environment:
        environment["KIE_UPLOAD_URL"] = url
        if webhook_key:
            environment["KIE_WEBHOOK_KEY"] = webhook_key
    return environment
