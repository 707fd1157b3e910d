"""Count what an operator watches; no label holds a member, a guild, a job or an address."""

import asyncio
import contextlib
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from jobs.gates import ServiceState
from jobs.job import OPEN_STATES, State

SECONDS = (0.005, 0.02, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
LAG_SECONDS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)


class Metrics:
    """Hold the metrics of one process on a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.jobs = Counter("jobs_total", "Jobs that came to an end, or into a state", ["state"], registry=registry)
        self.submits = Counter("submit_total", "Jobs sent to video services", ["service", "outcome"], registry=registry)
        self.requests = Counter(
            "service_requests_total", "Requests to video services", ["service", "purpose"], registry=registry
        )
        self.callbacks = Counter("callbacks_total", "Callbacks answered", ["result"], registry=registry)
        self.orphans = Counter("orphan_suspected_total", "Jobs whose outcome stayed unknown", registry=registry)
        self.probe_seconds = Histogram("probe_seconds", "Looking at a file", registry=registry, buckets=SECONDS)
        self.probe_kills = Counter("probe_kills_total", "Looks at a file that were killed", registry=registry)
        self.ssrf_blocks = Counter("ssrf_block_total", "Addresses refused", ["reason"], registry=registry)
        self.discord_4xx = Counter("discord_4xx_total", "Refusals by Discord", ["code"], registry=registry)
        self.alarms = Counter("alarms_total", "Alarms raised for the operator", registry=registry)
        self.outbox_lag = Gauge("outbox_lag_seconds", "Age of the oldest result not yet posted", registry=registry)
        self.oldest_open_job = Gauge("oldest_open_job_seconds", "Age of the oldest open job", registry=registry)
        self.open_jobs = Gauge("open_jobs", "Open jobs", ["state"], registry=registry)
        self.loop_lag = Histogram("loop_lag_seconds", "Lateness of the loop", registry=registry, buckets=LAG_SECONDS)
        self.db_commit = Histogram("db_commit_seconds", "Transactions", registry=registry, buckets=SECONDS)
        self.credits = Gauge("credits", "Credit left at a video service", ["service"], registry=registry)
        self.services_open = Gauge("service_open", "1 while a service takes jobs", ["service"], registry=registry)
        self.last_errors = Gauge(
            "service_last_error_seconds",
            "Unix time of a service's last error of each name",
            ["service", "error"],
            registry=registry,
        )

    def note_open_jobs(self, counts: Mapping[State, int]) -> None:
        """Set the number of open jobs by state; a state without any is 0."""
        for state in sorted(OPEN_STATES):
            self.open_jobs.labels(state.value).set(counts.get(state, 0))

    def note_services(self, states: Mapping[str, ServiceState]) -> None:
        """Set how every service fares; what is not known has no sample."""
        for name, state in states.items():
            self.services_open.labels(name).set(0 if state.reason else 1)
            if state.balance is not None:
                self.credits.labels(name).set(state.balance)
            else:
                with contextlib.suppress(KeyError):  # it was never known
                    self.credits.remove(name)
            if state.last_error_ms is not None:
                self.last_errors.labels(name, state.last_error_name).set(state.last_error_ms / 1000)

    def note_request(self, service: str, purpose: str) -> None:
        """Count a request to a video service: submit, read, upload."""
        self.requests.labels(service, purpose).inc()

    def note_refused_link(self, reason: str) -> None:
        """Count a link that the guard refused, by one of its few reasons."""
        self.ssrf_blocks.labels(reason).inc()

    def note_discord_answer(self, status: int) -> None:
        """Count an answer of Discord's when it is a refusal, by its HTTP status."""
        if 400 <= status < 500:
            self.discord_4xx.labels(str(status)).inc()

    def page(self) -> tuple[bytes, str]:
        """Return the text Prometheus reads, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


async def watch_loop(metrics: Metrics, period_seconds: float = 1.0) -> None:
    """Measure how late the loop wakes, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        wanted = loop.time() + period_seconds
        await asyncio.sleep(period_seconds)
        metrics.loop_lag.observe(max(0.0, loop.time() - wanted))
