-- A moderator who stops an edit at the service gives its member the edit back, and the server has still paid for it:
-- `spent` is 1 where a released reservation counts for the server's budget.
ALTER TABLE reservations ADD COLUMN spent BIGINT NOT NULL DEFAULT 0;

CREATE INDEX reservations_by_server_time ON reservations (guild_id, reserved_at_ms, state, spent);

-- How many of a member's edits ended of late without being counted.
CREATE INDEX reservations_released ON reservations (user_id, ended_at_ms) WHERE state = 'released' AND spent = 0;

DROP INDEX reservations_by_server;
