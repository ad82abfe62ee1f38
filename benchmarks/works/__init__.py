"""The works, in the order in which they are measured."""

from benchmarks.contract import Work
from benchmarks.works import adult, fashion, jpeg, sst2, startup

WORKS: tuple[Work, ...] = (fashion.WORK, jpeg.WORK, sst2.WORK, adult.WORK, *startup.WORKS)
