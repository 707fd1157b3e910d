"""Say what was done to a clip or a result, in the language spoken now."""

from bot.language import tr
from jobs.job import Remark


def say_remark(remark: Remark) -> str:
    """Return a remark's words; the values in them may be a stranger's."""
    values = remark.values
    match remark.code:
        case "cut":
            start, end, whole = (clock(int(values[name])) for name in ("start_ms", "end_ms", "whole_ms"))
            return tr("{start}-{end} of {whole}", start=start, end=end, whole=whole)
        case "converted":
            return tr("converted to MP4 (was {container}, {codec})", **values)
        case "plain":
            return tr("converted to plain H.264 (was {pix_fmt})", **values)
        case "steady":
            return tr("given a steady {rate} pictures a second", rate=f"{float(values['rate']):.5g}")
        case "smaller" | "too_large":
            return _say_size(remark.code, f"{int(values['bytes']) / 1e6:.0f}")
        case "silent":
            return tr("left without its sound, which I can't read ({codec})", **values)
        case "scaled":
            return tr("scaled to {width}x{height}", **values)
    return _say_plain(remark.code)


def _say_size(code: str, size: str) -> str:
    if code == "smaller":
        return tr("made smaller than {size} MB", size=size)
    return tr("The video is larger than {size} MB, the most that I fetch.", size=size)


def _say_plain(code: str) -> str:
    words = {
        "sdr": tr("brought from HDR to ordinary colours"),
        "upright": tr("turned upright"),
        "even": tr("given even sizes"),
        "unread": tr("The video is of a kind that I don't read, so I could not look at it or make it smaller."),
        "our_fault": tr("Something on my side kept me from the video; the operator has been told."),
        "sound_laid": tr("The video came without sound, so your clip's own sound was laid under it."),
    }
    return words.get(code, code.replace("_", " "))


def clock(ms: int) -> str:
    """Return a moment in a clip as 0:12, with tenths of a second where there are any."""
    seconds, rest = divmod(ms, 1000)
    tenths = f".{rest // 100}" if rest >= 100 else ""
    return f"{seconds // 60}:{seconds % 60:02d}{tenths}"
