"""What can go wrong with actions; part of the tree of `flyte_jupyter.remote`.

FlyteError
└── ActionsError
    ├── InvalidConfigurationError   also a ValueError
    ├── UnknownActionError          also a KeyError
    ├── ActionInUseError            a trigger still uses the action
    ├── NotAllowedError             the action may not do that, or not any more
    ├── PassingError                the same may work later; it is tried again
    └── StoreError                  the file with the actions cannot be used
"""

from __future__ import annotations

from flyte_jupyter.remote import FlyteError


class ActionsError(FlyteError):
    """The base of what this package raises."""


class InvalidConfigurationError(ActionsError, ValueError):
    """The configuration of an action, or what it is armed on, makes no sense."""


class UnknownActionError(ActionsError, KeyError):
    """There is no such action, trigger or flavor."""

    __str__ = FlyteError.__str__


class ActionInUseError(ActionsError):
    """The action is used by a trigger, so it cannot be deleted."""


class NotAllowedError(ActionsError):
    """Nobody allowed the action to do that, or the consent has ended."""


class PassingError(ActionsError):
    """A failure that may pass, before anything was done: trying again is safe."""


class StoreError(ActionsError):
    """The file with the actions cannot be used."""
