"""Hold the parts of one local Discord together for those who answer requests and act in it."""

from dataclasses import dataclass

from sandbox.discord.cdn import Cdn
from sandbox.discord.commands import CommandBook
from sandbox.discord.composing import Composer
from sandbox.discord.interactions import Interactions
from sandbox.discord.payloads import Payloads
from sandbox.discord.world import World


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a request may need."""

    world: World
    cdn: Cdn
    payloads: Payloads
    composer: Composer
    commands: CommandBook
    interactions: Interactions


def build_parts(world: World, cdn: Cdn) -> Parts:
    """Return the parts of a world."""
    payloads = Payloads(world, cdn)
    return Parts(world, cdn, payloads, Composer(world, cdn), CommandBook(world), Interactions(world))
