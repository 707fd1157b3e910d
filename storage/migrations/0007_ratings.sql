-- One thumb per member and result; server, service and style stand here too, so that counting reads one index.
CREATE TABLE ratings (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL,
    guild_id BIGINT,
    service TEXT NOT NULL,
    style TEXT NOT NULL,
    liked BIGINT NOT NULL CHECK (liked IN (0, 1)),
    rated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (job_id, user_id)
);

CREATE INDEX ratings_by_server ON ratings (guild_id, rated_at_ms, service, style, liked);

CREATE INDEX ratings_by_member ON ratings (user_id);
