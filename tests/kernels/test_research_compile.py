"""One source in two forms: how kernels are compiled, and where the result is kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import trimtab.kernels
from trimtab.kernels.compile import compiled, kernel


@kernel
def _half(number: float) -> float:
    return number / 2.0


@kernel
def _quarter(number: float) -> float:
    return _half(_half(number))


def test_a_kernel_stays_a_plain_function() -> None:
    """Marking a kernel changes nothing about it: it still runs interpreted."""
    assert _quarter(8) == 2
    assert _quarter.__name__ == "_quarter"


def test_a_compiled_kernel_calls_other_kernels() -> None:
    """A kernel that calls kernels compiles with them, once for each function."""
    fast = compiled(_quarter)

    assert fast is compiled(_quarter)
    assert fast is not _quarter
    assert fast(8.0) == 2


def test_importing_kernels_does_not_import_numba() -> None:
    """Whoever runs kernels interpreted never pays for Numba."""
    code = (
        "import sys, trimtab.kernels.compile\n"
        "raise SystemExit(any(n in sys.modules for n in ('numba', 'numpy')))"
    )
    source = Path(trimtab.kernels.__file__).parents[2]

    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(source)})

    assert done.returncode == 0


def test_a_changed_callee_is_never_served_from_the_cache(tmp_path: Path) -> None:
    """After a kernel in another file changes, its callers run the new one, not a cached one."""
    room = tmp_path / "trimtab" / "kernels"
    room.mkdir(parents=True)
    (tmp_path / "trimtab" / "__init__.py").touch()
    (room / "__init__.py").touch()
    shutil.copy(Path(trimtab.kernels.__file__).with_name("compile.py"), room)
    (room / "outer.py").write_text(
        "from trimtab.kernels.compile import kernel\n"
        "from trimtab.kernels.inner import inner\n"
        "@kernel\ndef outer(x):\n    return inner(x) + 1.0\n"
    )
    call = (
        "from trimtab.kernels.compile import compiled\n"
        "from trimtab.kernels.outer import outer\n"
        "print(compiled(outer)(1.0))"
    )

    said = []
    for factor in (10.0, 20.0):
        (room / "inner.py").write_text(
            "from trimtab.kernels.compile import kernel\n"
            f"@kernel\ndef inner(x):\n    return x * {factor}\n"
        )
        done = subprocess.run(
            [sys.executable, "-B", "-c", call],
            env={"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(done.stdout.strip())

    assert said == ["11.0", "21.0"]
