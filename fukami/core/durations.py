"""How long something takes, as people say it: on screens and in the report alike."""

from fukami.core.language import _


def duration(seconds: float) -> str:
    """Seconds in the two largest units, rounded.

    >>> duration(4.21), duration(42), duration(119.7), duration(7300)
    ('4.2 s', '42 s', '2 min 0 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s").format(seconds=f"{seconds:.1f}" if seconds < 9.95 else whole)
    if whole < 3600:
        return _("{minutes} min {seconds} s").format(minutes=whole // 60, seconds=whole % 60)
    return _("{hours} h {minutes} min").format(hours=whole // 3600, minutes=whole % 3600 // 60)
