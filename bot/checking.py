"""Check every part of a process: before its first start, and while it runs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import aiohttp

from bot.checkup import (
    CheckLine,
    check_part,
    prove_address,
    prove_discord,
    prove_folder,
    prove_open_service,
    prove_public_url,
    prove_service,
)
from bot.language import tr
from bot.settings import Settings
from jobs.outside import Outside
from jobs.phrases import Phrase
from jobs.services import Provider


async def check_start(
    settings: Settings,
    session: aiohttp.ClientSession,
    providers: Mapping[str, Provider],
    prove_database: Callable[[], Awaitable[str]],
) -> list[CheckLine]:
    """Prove a configuration, a line for each part; the web server's port must be free."""
    lines = [
        await check_part(Phrase("folder"), partial(prove_folder, settings.data_dir, int(settings.disk_free_bytes)))
    ]
    lines.append(await check_part(Phrase("database"), prove_database))
    lines += [await check_part(name, partial(prove_service, each.balance)) for name, each in providers.items()]
    token = settings.discord_token.get_secret_value()
    lines.append(await check_part("discord", partial(prove_discord, session, settings.discord_api_url, token)))
    address = partial(prove_address, session, settings.public_url, settings.web_host, settings.web_port)
    lines.append(await check_part(Phrase("public address"), address))
    return lines


async def check_running(
    settings: Settings,
    session: aiohttp.ClientSession,
    outside: Outside,
    check_database: Callable[[], Awaitable[None]],
    instance: str,
) -> list[CheckLine]:
    """Prove the parts of the process that runs, side by side; `instance` is what its own /healthz says."""

    async def prove_database() -> str:
        await check_database()
        return tr("takes writes")

    proofs: dict[str, Callable[[], Awaitable[str]]] = {
        Phrase("folder"): partial(prove_folder, settings.data_dir, int(settings.disk_free_bytes)),
        Phrase("database"): prove_database,
        **{
            outside.gates.abilities(name).title: partial(
                prove_open_service, each.balance, outside.gates, name, outside.clock.now_ms()
            )
            for name, each in outside.providers.items()
        },
        Phrase("public address"): partial(prove_public_url, session, settings.public_url, instance),
    }
    return list(await asyncio.gather(*(check_part(name, prove) for name, prove in proofs.items())))
