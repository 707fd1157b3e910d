-- What a server has set, by name; a value is JSON. What is missing counts as the operator's defaults say.
CREATE TABLE server_settings (
    guild_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (guild_id, name)
);

CREATE TABLE allowances (
    guild_id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('role', 'user')),
    target_id BIGINT NOT NULL,
    edits BIGINT,
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    at_once BIGINT,
    PRIMARY KEY (guild_id, kind, target_id)
);

CREATE INDEX allowances_by_user ON allowances (target_id) WHERE kind = 'user';

CREATE TABLE access_lists (
    guild_id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('channel', 'role')),
    target_id BIGINT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('allow', 'deny')),
    PRIMARY KEY (guild_id, kind, target_id)
);

CREATE TABLE blocked_words (
    guild_id BIGINT NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (guild_id, word)
);

CREATE TABLE blocks (
    guild_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    blocked_by BIGINT NOT NULL,
    blocked_at_ms BIGINT NOT NULL,
    until_ms BIGINT,
    PRIMARY KEY (guild_id, user_id)
);

CREATE INDEX blocks_by_member ON blocks (user_id);

CREATE TABLE bonuses (
    id TEXT PRIMARY KEY,
    guild_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    count BIGINT NOT NULL CHECK (count > 0),
    granted_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT,
    reason TEXT NOT NULL,
    granted_by BIGINT NOT NULL
);

CREATE INDEX bonuses_by_member ON bonuses (user_id, guild_id);

-- A member's edits that ended before this moment count no more; the ledger stays as it is.
CREATE TABLE resets (
    guild_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    reset_at_ms BIGINT NOT NULL,
    PRIMARY KEY (guild_id, user_id)
);

CREATE INDEX resets_by_member ON resets (user_id);

-- Written in the transaction of the change it tells of; `before` and `after` are JSON, `number` counts per server.
CREATE TABLE moderation_log (
    guild_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    deed TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target TEXT NOT NULL,
    user_id BIGINT,
    before TEXT,
    after TEXT,
    reason TEXT NOT NULL,
    PRIMARY KEY (guild_id, number)
);

CREATE INDEX moderation_log_by_member ON moderation_log (user_id, guild_id, number) WHERE user_id IS NOT NULL;

CREATE INDEX moderation_log_by_actor ON moderation_log (actor_id, guild_id, number);

-- When a warning of a budget was last given, so that it is given once in a period.
CREATE TABLE budget_warnings (
    guild_id BIGINT NOT NULL,
    period TEXT NOT NULL,
    level BIGINT NOT NULL,
    warned_at_ms BIGINT NOT NULL,
    PRIMARY KEY (guild_id, period, level)
);

ALTER TABLE reservations ADD COLUMN bonus_id TEXT REFERENCES bonuses (id);

CREATE INDEX reservations_by_bonus ON reservations (bonus_id) WHERE bonus_id IS NOT NULL;

-- Both hold all that counting needs, so that no row is looked up; the first is read in the order of members.
CREATE INDEX reservations_by_server_member ON reservations (guild_id, user_id, reserved_at_ms, state, bonus_id);

DROP INDEX reservations_by_member;

CREATE INDEX reservations_by_server ON reservations (guild_id, reserved_at_ms, state);

CREATE INDEX jobs_by_server ON jobs (guild_id, created_at_ms, state);

CREATE INDEX jobs_open_by_server ON jobs (guild_id, created_at_ms)
WHERE state IN ('queued', 'submitting', 'running', 'delivering');
