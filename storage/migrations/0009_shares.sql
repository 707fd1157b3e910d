-- One row per shared result. Without its job (erased) the row stays until its message is gone.
CREATE TABLE shares (
    id TEXT PRIMARY KEY,
    job_id TEXT UNIQUE REFERENCES jobs (id) ON DELETE SET NULL,
    code TEXT NOT NULL,
    guild_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    choices TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('posting', 'posted', 'withdrawing', 'withdrawn')),
    created_at_ms BIGINT NOT NULL,
    due_at_ms BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    post_channel_id BIGINT,
    post_message_id BIGINT,
    posted_at_ms BIGINT,
    withdrawn_by BIGINT
);

CREATE INDEX shares_due ON shares (due_at_ms) WHERE state IN ('posting', 'withdrawing');

CREATE INDEX shares_by_server ON shares (guild_id, posted_at_ms) WHERE state = 'posted';

CREATE INDEX shares_by_member ON shares (user_id);

CREATE TABLE votes (
    share_id TEXT NOT NULL REFERENCES shares (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL,
    voted_at_ms BIGINT NOT NULL,
    PRIMARY KEY (share_id, user_id)
);

CREATE INDEX votes_by_member ON votes (user_id);
