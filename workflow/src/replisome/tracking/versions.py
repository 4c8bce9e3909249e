"""The versions of the packages that a record names: they stand in provenance.json alone, and in no fingerprint."""

from __future__ import annotations

import importlib.metadata

PACKAGES = ("numpy", "pandas", "pyarrow", "scipy", "scikit-learn", "matplotlib", "torch")


def package_versions() -> dict[str, str]:
    """Return the installed version of each package that can change a number."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
