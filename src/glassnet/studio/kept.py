"""A few things kept in memory, the last that were asked for, and turns for work that is heavy."""

import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial, wraps
from typing import Any, Generic, TypeVar

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")


class Kept(Generic[T]):
    """The last `most` things that were asked for, by key. A thing is made once, however many ask for it at one time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.RLock()

    def of(self, key: Hashable, made: Callable[[], T]) -> T:
        """Return the thing of a key, made where it is not there. What `made` raises is passed on, and nothing is kept."""
        with self._lock:
            return self._held[key] if self._touched(key) else self.put(key, made())

    def put(self, key: Hashable, thing: T) -> T:
        """Keep a thing, in the place of what had its key, and return it."""
        with self._lock:
            self._held[key] = thing
            self._held.move_to_end(key)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
            return thing

    def find(self, key: Hashable) -> T | None:
        """Return the thing of a key, None where it is not kept (any more)."""
        with self._lock:
            return self._held[key] if self._touched(key) else None

    def _touched(self, key: Hashable) -> bool:
        if key in self._held:
            self._held.move_to_end(key)
            return True
        return False


def in_turns(limit: CapacityLimiter) -> Callable[[Callable[..., T]], Callable[..., Awaitable[T]]]:
    """Return what makes an address of heavy work wait for its turn outside of the threads that answer everything else.

    All plain addresses share forty threads. Without turns a few tabs that wait for one slow network would hold all of them.
    """

    def waiting(work: Callable[..., T]) -> Callable[..., Awaitable[T]]:
        @wraps(work)
        async def turn(*args: Any, **given: Any) -> T:
            return await to_thread.run_sync(partial(work, *args, **given), limiter=limit)

        return turn

    return waiting
