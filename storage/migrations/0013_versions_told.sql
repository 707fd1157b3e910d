-- Who was told, for their eyes alone, what the buttons under a result do: once each. Whoever has results by now was told
-- under the first of them.
CREATE TABLE told_members (
    user_id BIGINT PRIMARY KEY,
    told_at_ms BIGINT NOT NULL
);

INSERT INTO told_members (user_id, told_at_ms)
SELECT user_id, MIN(COALESCE(finished_at_ms, created_at_ms)) FROM jobs
WHERE state = 'delivered' AND user_id <> 0 GROUP BY user_id;

-- What the two halves of a comparison are called, so that one with other names is made anew.
ALTER TABLE keepsakes ADD COLUMN labels TEXT NOT NULL DEFAULT '';

ALTER TABLE copies ADD COLUMN labels TEXT NOT NULL DEFAULT '';
