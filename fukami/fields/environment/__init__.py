"""Environments: worlds of gymnasium that an agent acts in."""

from fukami.fields.environment.field import Environment

__all__ = ["Environment"]
