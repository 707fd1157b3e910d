-- The line of a service is counted on every card, and the open jobs on every look for work: each from an index that
-- holds all it needs. Nobody asks for jobs by their due time alone any more.
CREATE INDEX jobs_queued ON jobs (state, service, created_at_ms) WHERE state = 'queued';

DROP INDEX jobs_open_by_due;

DROP INDEX jobs_open_by_state;

CREATE INDEX jobs_open_by_state ON jobs (state, service, ready, due_at_ms, leased_until_ms)
WHERE state IN ('queued', 'submitting', 'running', 'delivering');
