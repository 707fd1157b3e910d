-- When a result was taken back: its messages and files go, its row stays for the log. `clear_due_at_ms` is when what is
-- left of them is gone after again; nothing is left where it is NULL.
ALTER TABLE jobs ADD COLUMN deleted_at_ms BIGINT;

ALTER TABLE jobs ADD COLUMN clear_due_at_ms BIGINT;

CREATE INDEX jobs_to_clear ON jobs (clear_due_at_ms) WHERE clear_due_at_ms IS NOT NULL;

DROP VIEW open_jobs;

-- As before, so that the view has the new column too.
CREATE VIEW open_jobs AS
SELECT * FROM jobs WHERE state IN ('queued', 'submitting', 'running', 'delivering');

-- Files on the shelf made from results: a poster of one, a comparison of one with another or ('') with its own clip.
CREATE TABLE keepsakes (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    what TEXT NOT NULL CHECK (what IN ('poster', 'compare')),
    other_job_id TEXT NOT NULL DEFAULT '',
    file TEXT NOT NULL,
    PRIMARY KEY (job_id, what, other_job_id)
);

CREATE INDEX keepsakes_by_other ON keepsakes (other_job_id);

-- Messages with a result besides its ending: comparisons, results shown again. They go when the result goes.
CREATE TABLE copies (
    message_id BIGINT PRIMARY KEY,
    channel_id BIGINT NOT NULL,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    what TEXT NOT NULL CHECK (what IN ('compare', 'again')),
    other_job_id TEXT NOT NULL DEFAULT '',
    posted_at_ms BIGINT NOT NULL
);

CREATE INDEX copies_by_job ON copies (job_id, what, other_job_id, posted_at_ms);

CREATE INDEX copies_by_other ON copies (other_job_id);
