-- The line of a service is counted on every card; nobody asks for jobs by their due time alone any more.
CREATE INDEX jobs_queued ON jobs (state, service, created_at_ms) WHERE state = 'queued';

DROP INDEX jobs_open_by_due;
