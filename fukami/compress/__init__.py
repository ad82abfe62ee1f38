"""Smaller and faster runs: number formats, fewer channels, students. What comes out is a run again, judged beside the first."""
