"""Choose the video service of a job by what the services state, and tell whether a service takes a job as it stands."""

from collections.abc import Iterable, Sequence

from jobs.errors import InvalidRequestError, LimitReachedError
from jobs.job import Job, Kind, Prepared, Request
from jobs.services import Abilities

# Options whose value must be one of those the service lists.
_LISTED = ("strength", "model", "aspect_ratio")


def choose(able: Sequence[Abilities], is_open: Iterable[str], wants: frozenset[str]) -> Abilities | None:
    """Return the first open service that has every option asked for, else the first open one; None without any."""
    names = frozenset(is_open)
    willing = [each for each in able if each.name in names]
    return next((each for each in willing if wants <= each.offers), next(iter(willing), None))


def values_of(abilities: Abilities, option: str) -> tuple[str, ...]:
    """Return the values a service takes for an option that is chosen from a list; empty for any other."""
    listed = {"strength": abilities.strengths, "model": tuple(abilities.models), "aspect_ratio": abilities.ratios}
    return listed.get(option, ())


def fits(job: Job, abilities: Abilities) -> bool:
    """Tell whether a service takes a job that was made ready for another; what it extends lies at its own service."""
    if job.kind is Kind.EXTEND or job.kind not in abilities.kinds:
        return False
    return _takes_request(job.request, abilities) and (job.clip is None or _takes_clip(job, job.clip, abilities))


def _takes_request(request: Request, abilities: Abilities) -> bool:
    if not request.wants <= abilities.offers or len(request.full_prompt) > abilities.prompt_chars:
        return False
    listed = [name for name in _LISTED if name in request.options]
    return all(request.options[name] in values_of(abilities, name) for name in listed)


def _takes_clip(job: Job, clip: Prepared, abilities: Abilities) -> bool:
    limits, facts = abilities.for_request(job.request), clip.facts
    return (
        facts.duration_ms <= limits.max_seconds * 1000
        and facts.size_bytes <= limits.max_bytes
        and facts.container in limits.containers
        and facts.video_codec in limits.codecs
    )


def check_full_prompt(request: Request, abilities: Abilities) -> None:
    """Raise InvalidRequestError where prompt and style together are longer than the service takes."""
    count = len(request.full_prompt)
    if request.style_text and count > abilities.prompt_chars:
        raise InvalidRequestError(
            "With the style's text the prompt has {count} characters; {title} takes at most {limit}. "
            "Shorten the prompt by {over}, or leave the style out.",
            rule="prompt",
            count=count,
            title=abilities.title,
            limit=abilities.prompt_chars,
            over=count - abilities.prompt_chars,
        )


def refuse_all(kind: Kind, able: Sequence[Abilities], reason: str) -> LimitReachedError:
    """Return the refusal where no service takes a job of a kind; `reason` is why the preferred one does not."""
    if not able:
        return _nobody(kind)
    return LimitReachedError(
        "{title} takes no new jobs right now ({reason}). Nothing was counted; please try again later.",
        rule="service",
        title=able[0].title,
        reason=reason,
    )


def _nobody(kind: Kind) -> LimitReachedError:
    match kind:
        case Kind.MODIFY:
            return LimitReachedError("No video service here can modify videos.", rule="service")
        case Kind.GENERATE:
            return LimitReachedError("No video service here can generate videos.", rule="service")
    return LimitReachedError("No video service here can extend videos.", rule="service")
