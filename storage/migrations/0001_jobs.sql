-- Times are Unix milliseconds, ids of Discord are snowflakes, request, clip, result and failure are JSON.
-- `ready` is 1 when a job has its clip staged or needs none.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('queued', 'submitting', 'running', 'delivering', 'delivered', 'failed', 'cancelled')
    ),
    user_id BIGINT NOT NULL,
    guild_id BIGINT,
    channel_id BIGINT NOT NULL,
    interaction_id BIGINT NOT NULL UNIQUE,
    locale TEXT NOT NULL,
    request TEXT NOT NULL,
    service TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    card_channel_id BIGINT,
    card_message_id BIGINT,
    thread_id BIGINT,
    posting_at_ms BIGINT,
    result_channel_id BIGINT,
    result_message_id BIGINT,
    parent_job_id TEXT REFERENCES jobs (id) ON DELETE SET NULL,
    clip TEXT,
    ready BIGINT NOT NULL,
    attempt BIGINT NOT NULL DEFAULT 0,
    provider_job_id TEXT,
    submitted_at_ms BIGINT,
    finished_at_ms BIGINT,
    attempts BIGINT NOT NULL DEFAULT 0,
    hold TEXT NOT NULL DEFAULT '',
    result TEXT,
    failure TEXT,
    lease BIGINT NOT NULL DEFAULT 0,
    leased_until_ms BIGINT NOT NULL DEFAULT 0,
    nudges BIGINT NOT NULL DEFAULT 0
);

-- Every question about work in hand goes through this view: its condition is that of the partial indexes below, which
-- stay small however many jobs have ended.
CREATE VIEW open_jobs AS
SELECT * FROM jobs WHERE state IN ('queued', 'submitting', 'running', 'delivering');

CREATE INDEX jobs_open_by_state ON jobs (state, service, due_at_ms)
WHERE state IN ('queued', 'submitting', 'running', 'delivering');

CREATE INDEX jobs_open_by_due ON jobs (due_at_ms, leased_until_ms)
WHERE state IN ('queued', 'submitting', 'running', 'delivering');

CREATE INDEX jobs_open_by_member ON jobs (user_id, guild_id, created_at_ms)
WHERE state IN ('queued', 'submitting', 'running', 'delivering');

CREATE UNIQUE INDEX jobs_by_task ON jobs (service, provider_job_id) WHERE provider_job_id IS NOT NULL;

CREATE INDEX jobs_by_member ON jobs (user_id, guild_id, created_at_ms);

CREATE INDEX jobs_by_parent ON jobs (parent_job_id) WHERE parent_job_id IS NOT NULL;

CREATE INDEX jobs_delivered ON jobs (kind, finished_at_ms) WHERE state = 'delivered';

-- One row for each request that may reach a service, written before it leaves; of the callback's token only the hash.
CREATE TABLE attempts (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    service TEXT NOT NULL,
    token_sha256 TEXT NOT NULL UNIQUE,
    started_at_ms BIGINT NOT NULL,
    provider_job_id TEXT,
    PRIMARY KEY (job_id, number)
);

CREATE TABLE job_events (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    event TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (job_id, number)
);

-- The ledger of quota: what a member has used is counted from here and nowhere else.
CREATE TABLE reservations (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    guild_id BIGINT,
    user_id BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('reserved', 'settled', 'released')),
    reserved_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    CHECK ((state = 'reserved') = (ended_at_ms IS NULL))
);

CREATE INDEX reservations_by_member ON reservations (guild_id, user_id, reserved_at_ms);

CREATE INDEX reservations_held ON reservations (guild_id, user_id) WHERE state = 'reserved';

-- One row, written by the readiness check.
CREATE TABLE pulse (beats BIGINT NOT NULL);

INSERT INTO pulse (beats) VALUES (0);
