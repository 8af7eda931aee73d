"""Endings of files that more than one room looks for."""

AUDIO_SUFFIXES = frozenset(
    {".aac", ".ac3", ".aif", ".aifc", ".aiff", ".ape", ".asf", ".au", ".caf", ".dsf", ".flac", ".m4a"}
    | {".m4b", ".mka", ".mp2", ".mp3", ".mp4", ".mpc", ".oga", ".ogg", ".opus", ".snd", ".spx", ".tta"}
    | {".w64", ".wav", ".wave", ".weba", ".webm", ".wma", ".wv"}
)
"""What a folder is searched for; what a file truly is, its content says."""
