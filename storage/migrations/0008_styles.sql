-- `name_key` is the name as it is compared; positions count from 1 without gaps.
CREATE TABLE styles (
    guild_id BIGINT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    sample TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (guild_id, name_key)
);

-- Server 0 stands for direct messages. A favourite whose style was removed shows nowhere until it is added again.
CREATE TABLE style_favourites (
    user_id BIGINT NOT NULL,
    guild_id BIGINT NOT NULL,
    name_key TEXT NOT NULL,
    liked_at_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, guild_id, name_key)
);
