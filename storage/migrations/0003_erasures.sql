-- Who erased themselves and when. Until the longest period is over, the number of their edits still counts for quotas.
CREATE TABLE erasures (
    user_id BIGINT PRIMARY KEY,
    erased_at_ms BIGINT NOT NULL
);

CREATE INDEX reservations_by_user ON reservations (user_id);
