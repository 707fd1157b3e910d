"""Take clips under whatever name a person gives them: the name is shown as inert text and used for nothing else."""

from pathlib import Path

from tests.bot.world import open_bot_world
from tests.fakes import NO_LIMITS

NAMES = (
    "a\r\nSet-Cookie: x.mp4", "a\0b.mp4", 'a"b`c.mp4', "../../etc/passwd.mp4", "\u202e4pm.exe.mp4", "SPOILER_clip.mp4",
    "n" * 300 + ".mp4", "clip", "clip.exe", "list.m3u8", "", "...", "🎬🎞️.mp4", "CON.mp4", "clip.mp4 ",
)  # fmt: skip


async def test_every_name_is_taken_or_refused_in_words(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path, defaults=NO_LIMITS) as world:
        taken = 0
        for name in NAMES:
            view = await world.actor.slash("Mia", "edits", "luma modify", {"prompt": "warm"}, {"clip": (name, b"film")})
            assert view.message is not None, name
            jobs = await world.jobs()
            if view.message.ephemeral:
                assert "is no video" in view.message.content, name
                assert len(jobs) == taken, name
                continue
            taken += 1
            assert len(jobs) == taken, name
            shown = str(view.message.embeds)
            assert not {"\r", "\0", "\u202e"} & set(shown), name
            assert "passwd" not in shown or "../" not in shown, name
        assert taken >= 8
        assert not world.server.violations
        assert world.alarms.heard == []
