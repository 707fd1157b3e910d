"""Open a stranger's file so that FFmpeg can read that file and nothing else.

By path, never by file object or URL: a file object has no protocol whitelist. The demuxer is the one the first bytes
call for, so that a playlist or a description of streams is never even tried.
"""

from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.codec import CodecContext
from av.container import InputContainer
from av.video.stream import VideoStream

from media.inside.answers import Refusal

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif"
VIDEO_CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "h263", "prores", "gif"})
AUDIO_CODECS = frozenset(
    {"aac", "mp3", "mp2", "opus", "vorbis", "flac", "alac", "ac3", "eac3", "amr_nb", "amr_wb"}
    | {"adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt"}
    | {f"pcm_{form}" for form in ("s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "u8", "f32le", "mulaw", "alaw")}
)
# Names of decoders, which are not always those of codecs.
_DECODERS = ",".join(sorted(VIDEO_CODECS | AUDIO_CODECS | {"libdav1d", "mp3float", "mp2float", "amrnb", "amrwb"}))
MAX_PIXELS = 4096 * 2400
MAX_SIDE = 4096
MAX_STREAMS = 16
_MOV_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp"})
_HEAD_BYTES = 4096


def read_demuxer(path: Path) -> str:
    """Name the demuxer the first bytes call for; refuse everything that is no video container."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] in _MOV_BOXES:
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        return "gif"
    raise Refusal("not_video")


def read_container(path: Path, demuxer: str) -> str:
    """Name the container as people know it: mp4, mov, 3gp, webm, matroska, avi, gif."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if demuxer == "matroska":
        return "webm" if b"\x42\x82\x84webm" in head[:256] else "matroska"
    if demuxer != "mov":
        return demuxer
    brand = head[8:12] if head[4:8] == b"ftyp" else b"qt  "
    if brand == b"qt  ":
        return "mov"
    return "3gp" if brand[:3] in {b"3gp", b"3g2", b"3gs", b"3gr"} else "mp4"


def reading_options(demuxer: str) -> dict[str, str]:
    """Return FFmpeg's options for reading: this file and nothing else, and no picture larger than we take."""
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": FORMATS,
        "codec_whitelist": _DECODERS,
        "max_pixels": str(MAX_PIXELS),
        "max_streams": str(MAX_STREAMS),
    }
    return options | ({"enable_drefs": "0", "use_absolute_path": "0"} if demuxer == "mov" else {})


def open_clip(path: Path) -> InputContainer:
    """Open a file for reading; refuse one that FFmpeg cannot open under our whitelists."""
    demuxer = read_demuxer(path)
    try:
        return av.open(str(path), format=demuxer, options=reading_options(demuxer), metadata_errors="ignore")
    except (av.FFmpegError, ValueError, MemoryError) as error:
        raise Refusal("unreadable", type(error).__name__) from error


def choose_video(container: InputContainer) -> VideoStream:
    """Return the one video stream; cover pictures do not count."""
    if len(container.streams) > MAX_STREAMS:
        raise Refusal("streams", str(len(container.streams)))
    videos = [
        stream for stream in container.streams.video if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not videos:
        raise Refusal("no_video")
    if len(videos) > 1:
        raise Refusal("videos", str(len(videos)))
    codec = codec_of(videos[0])
    if codec not in VIDEO_CODECS:
        raise Refusal("codec", codec or "unknown")
    context = videos[0].codec_context
    check_size(context.width, context.height)
    # The header may lie about the size: the decoder itself refuses larger pictures, too.
    context.options = {"max_pixels": str(MAX_PIXELS)}
    return videos[0]


def check_size(width: int, height: int) -> None:
    """Refuse pictures larger than we take."""
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise Refusal("size", f"{width}x{height}")


def codec_of(stream: VideoStream | AudioStream) -> str:
    """Name a stream's codec, "" where FFmpeg has no decoder for it."""
    context: CodecContext | None = stream.codec_context
    return context.codec.canonical_name if context is not None else ""


def displayed_aspect(stream: VideoStream) -> Fraction:
    """Return the sample aspect ratio, 1 where it is unknown or absurd."""
    ratio = stream.sample_aspect_ratio
    if ratio is None or not Fraction(1, 8) <= ratio <= 8:
        return Fraction(1)
    return ratio
