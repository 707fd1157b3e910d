-- The final state that a job's card is known to show: a crash between the end and the card's last edit leaves it behind.
ALTER TABLE jobs ADD COLUMN shown_state TEXT NOT NULL DEFAULT '';

UPDATE jobs SET shown_state = state WHERE state IN ('delivered', 'failed', 'cancelled');

CREATE INDEX jobs_not_shown ON jobs (finished_at_ms)
WHERE state IN ('delivered', 'failed', 'cancelled') AND shown_state <> state;
