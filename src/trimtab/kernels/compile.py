"""One source, interpreted for one and compiled for a million: how a kernel gets its two forms.

A kernel is a plain function over columns, in the subset of Python that Numba compiles. Marked
with `@kernel` it stays what it was, and costs nothing: a single household, or one backtest, never
imports Numba. `compiled(function)` is the same function as machine code, for sweeps and batches.
Interpreted, pass lists (faster, and integers of any width); compiled, pass numpy arrays.

Both must give the same bits, so kernels keep to: no fast math, explicit loops where the order of
a sum matters, no `**`, no transcendental functions, no unstable sort, no unguarded division,
integers whose range was checked at the door (compiled ones wrap silently). A few kernels say that
they never divide by zero, and why (`kernel_without_zero`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

_ROOM = "trimtab.kernels"
_registered: dict[Callable[..., object], dict[str, Any]] = {}
_known_to_numba: set[Callable[..., object]] = set()
_to_tell: list[Callable[[], None]] = []
_made: dict[Callable[..., object], Callable[..., object]] = {}
_lock = RLock()


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function as a kernel: it stays as it is, and `compiled` and other kernels know it."""
    _registered[function] = {}
    return function


def kernel_without_zero(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a kernel whose denominators are never zero, as its docstring says why.

    Machine code then does not look at each of them before it divides, and divides several places
    at a time, to the same bits. Were one zero after all, the interpreted form would raise
    ZeroDivisionError, and this one carry on with what is infinite or no number.
    """
    _registered[function] = {"error_model": "numpy"}
    return function


def written_out(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a kernel, above `@kernel`, that machine code writes out where it is called.

    For what is called at one place of a hot loop with many columns: handing them over takes as
    long as adding up a few of them.
    """
    _registered[function]["forceinline"] = True
    return function


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The same kernel as machine code, which gives the same bits and releases the interpreter.

    The first call in a process imports Numba (about half a second); the first call with new types
    of arguments compiles, and later processes find the result on disk. Once for each function.

    Args:
        function: A function marked with `@kernel`. Kernels that it calls are compiled with it.
            The result is kept on disk for kernels of this room only.

    Returns:
        A function of the same arguments; columns must be numpy arrays.
    """
    made = _made.get(function)
    if made is None:
        assert function in _registered, f"{function.__name__} is not marked as a kernel"
        with _lock:
            made = _made[function] = _machine_code(function)
    return cast("Callable[P, R]", made)


def before_compiling(tell: Callable[[], None]) -> None:
    """Call a function when the next kernel has to be compiled; never, where all are on disk.

    Args:
        tell: What to call, once. It replaces the one that was named before.
    """
    _to_tell[:] = [tell]


def _compiling(*_: object) -> None:
    while _to_tell:
        _to_tell.pop()()


@cache
def _listen() -> None:
    from numba.core import event

    events: Any = event
    nothing = {"on_end": lambda *_: None}
    listener = type("Listener", (events.Listener,), {"on_start": _compiling, **nothing})
    events.register("numba:compile", listener())


@cache
def _machine_code(function: Callable[..., object]) -> Callable[..., object]:
    import numba
    from numba.extending import register_jitable

    _listen()
    callee = {"_nrt": False, "no_cfunc_wrapper": True, "pipeline_class": _callee_compiler()}
    for known, options in _registered.items():
        if known not in _known_to_numba:
            register_jitable(**callee, **options)(known)
            _known_to_numba.add(known)
    # A kernel allocates nothing, so nobody needs to count who holds its columns: counting took half
    # the time of a decided account. Should one allocate, Numba refuses to compile it.
    uncounted: Any = {"nogil": True, "_nrt": False, "no_cfunc_wrapper": True}
    plain = numba.njit(**uncounted)
    if not function.__module__.startswith(_ROOM + "."):
        return cast("Callable[..., object]", plain(function))
    # Numba's cache of a function does not notice that a kernel it calls, in another file, has
    # changed; so the cache lives in a folder named by the text of all kernels.
    config: Any = numba.config
    kept = config.CACHE_DIR
    config.CACHE_DIR = str(_cache_folder(kept))
    try:
        return cast("Callable[..., object]", numba.njit(cache=True, **uncounted)(function))
    except RuntimeError:  # nowhere to write: compile anew in each process
        return cast("Callable[..., object]", plain(function))
    finally:
        config.CACHE_DIR = kept


@cache
def _callee_compiler() -> type:
    """How kernels that other kernels call are compiled: as they are written.

    Numba would optimise a kernel, then the one that calls it with all it calls, and so on up. The
    last time does for all of them: compiling takes two thirds as long, and the code is as fast.
    """
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler import CompilerBase, DefaultPassBuilder

    compiler: Any = CompilerBase  # published without types
    library: Any = JITCodeLibrary
    passes: Any = DefaultPassBuilder

    class AsWritten(library):  # type: ignore[misc]
        def _optimize_final_module(self) -> None:
            pass

    class Callee(compiler):  # type: ignore[misc]
        def define_pipelines(self) -> list[Any]:
            state = self.state
            codegen = state.targetctx.codegen()
            state.library = AsWritten(codegen, state.func_id.func_qualname)
            return [passes.define_nopython_pipeline(state)]

    return Callee


@cache
def _cache_folder(chosen_by_user: str) -> Path:
    from importlib.resources import files

    from numba.misc import appdirs

    caches: Any = appdirs  # published without types
    here = Path(__file__).parent
    if chosen_by_user:
        base = Path(chosen_by_user)
    elif os.access(here, os.W_OK):
        base = here / "__pycache__"
    else:
        base = Path(caches.user_cache_dir("trimtab"))
    digest = sha256()
    for source in sorted(files(_ROOM).iterdir(), key=lambda entry: entry.name):
        if source.name.endswith(".py"):
            digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return base / f"kernels-{digest.hexdigest()[:16]}"
