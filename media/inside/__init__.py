"""What runs in the limited child process, next to a stranger's bytes; only this folder imports FFmpeg."""
