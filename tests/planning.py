"""Loading configuration in tests, without starting the workflow."""

from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from replisome.config import loader
from replisome.config.plan import Plan
from replisome.config.schema import read_yaml
from replisome.errors import ReplisomeError


def load(root: Path = ROOT, **changes) -> Plan:
    """Load the demo of one study, or what ``changes`` to the configuration say."""
    config = {**read_yaml(root / "config/config.yaml"), **read_yaml(root / "config/demo.yaml")}
    return loader.load({**config, "studies": ["bloodmnist"], **changes}, root)


def refused(message: str, root: Path = ROOT, **changes) -> None:
    """Check that the configuration is refused with a message."""
    with pytest.raises(ReplisomeError) as caught:
        load(root, **changes)
    assert message in " ".join(str(caught.value).split())


def edit(path: Path, old: str, new: str) -> None:
    """Replace the first of a text in a file."""
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def write(path: Path, content: object) -> None:
    """Write text, or anything else as YAML."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
