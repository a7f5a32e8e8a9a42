"""Where the figures were measured: the machine and the versions of the programs. No names, no addresses."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib import metadata

LIBRARIES = ("stream-signal", "numpy", "pandas", "polars", "duckdb", "pyarrow", "ta-lib")


def machine() -> dict[str, str]:
    """Describe the machine in words: cpu, cores, memory, system, python."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": _cpu_model(),
        "cores": str(usable_cores()),
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def described() -> str:
    """Describe the machine on one line."""
    here = machine()
    return f"{here['cpu']}, {here['cores']} cores, {here['memory']}, {here['system']}, {here['python']}"


def setting() -> str:
    """Describe the machine and the versions of the programs, on one line."""
    return f"{described()}; {', '.join(f'{name} {version}' for name, version in versions().items())}."


def folder_name() -> str:
    """Return a folder name for this machine, the same while its figures can be compared."""
    here = machine()
    return re.sub(r"[^a-z0-9]+", "-", f"{here['cpu']} {here['cores']} cores".lower()).strip("-")


def versions() -> dict[str, str]:
    """Return the versions of the libraries that are installed, and of mawk and the C compiler."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    for name, command in (("mawk", ["mawk", "-W", "version"]), ("cc", ["cc", "--version"])):
        if shutil.which(name):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            number = re.search(r"\d+\.\d+(\.\d+)?( \d{8})?", done.stdout)
            found[name] = number.group() if number else "unknown version"
    return found


def raise_share() -> bool:
    """Ask for a larger share of the cores for this process and those that it starts; return whether it was granted.

    Where Linux shares the cores by sessions (autogroup), another session at work would take its half of them.
    """
    try:
        with open("/proc/self/autogroup", "w", encoding="ascii") as file:
            file.write("-15")
    except OSError:
        return False
    return True


def usable_cores() -> int:
    """Return the number of cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # only Linux has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
