"""What is read as a link to a message, from its text alone."""

from bot.message_links import MessageLink, read_message_link

GUILD, CHANNEL, MESSAGE = 100000000000000001, 200000000000000002, 300000000000000003
PATH = f"/channels/{GUILD}/{CHANNEL}/{MESSAGE}"


def test_message_links_are_read() -> None:
    hosts = ("discord.com", "www.discord.com", "ptb.discord.com", "canary.discord.com", "discordapp.com", "Discord.com")
    for host in hosts:
        for end in ("", "/", "?jump=1", "#a"):
            link = read_message_link(f" https://{host}{PATH}{end} ")
            assert link == MessageLink(GUILD, CHANNEL, MESSAGE), (host, end)
    assert read_message_link(f"https://discord.com/channels/@me/{CHANNEL}/{MESSAGE}") == (None, CHANNEL, MESSAGE)


def test_nothing_else_is_read_as_one() -> None:
    for other in (
        f"https://discord.com/channels/{GUILD}/{CHANNEL}",
        f"https://discord.com.evil.com{PATH}",
        f"https://evil.discord.com{PATH}",
        "https://discord.com/channels/1/2/3",
        f"https://discord.com{PATH}/4",
        f"https://discord.com{PATH} and more",
        f"https://discord.com/channels/{GUILD}/{CHANNEL}/٣٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٠٣",
        f"http://discord.com{PATH}",
        f"https://discord.com@evil.com{PATH}",
        f"https://evil.com/https://discord.com{PATH}",
        "no link",
    ):
        assert read_message_link(other) is None, other
