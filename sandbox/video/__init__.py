"""Stand in for the video services on loopback, with real FFmpeg edits behind their wire formats."""

from sandbox.video.clip import draw_clip
from sandbox.video.options import Options
from sandbox.video.server import VideoServer

__all__ = ["Options", "VideoServer", "draw_clip"]
