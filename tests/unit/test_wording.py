"""Which edits leave a fingerprint as it is: what is said to people, and nothing else."""

import pytest

from replisome.tracking import code_fingerprint as module
from replisome.tracking.code_fingerprint import fingerprint
from replisome.tracking.introspect import parse


@pytest.fixture
def changes(tmp_path):
    """Say whether two bodies of one function have different fingerprints."""

    def one(body: str) -> str:
        for cached in (parse, module._module_hash, fingerprint):
            cached.cache_clear()
        (tmp_path / "main.py").write_text(f"def f(x, found):\n    {body}\n    return x\n")
        return fingerprint("replisome.main", root=tmp_path)

    return lambda before, after: one(before) != one(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("raise ReplisomeError('gone')", "raise ReplisomeError('is not there')"),
        ("raise ReplisomeError(f'{x}: gone')", "raise ReplisomeError(f'no {x}, nor {found!r:>8}')"),
        ("raise ReplisomeError('a' + x)", "raise ReplisomeError(x + 'b')"),
        ("raise ValueError('gone %s' % x)", "raise ValueError('no %s' % x)"),
        ("raise KeyError(f'has {len(x)}')", "raise KeyError(f'has {round(x, 3)} of {len(found)}')"),
        ("raise ReplisomeError(f'{g(x)} a')", "raise ReplisomeError(f'b: {g(x)}')"),
        ("return ReplisomeError(f'{x}: full')", "return ReplisomeError(f'{x}: no room')"),
        ("print(f'{x:.3f} done')", "print(f'done: {x:.4f}', flush=True)"),
        ("print('a')", "pass"),
        ("logger.info('a %s', x)", "logger.info('b', found)"),
        ("import sys; print('a', file=sys.stderr)", "import sys; print('b', file=sys.stderr)"),
    ],
)
def test_other_words_leave_it(changes, before, after):
    assert not changes(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("raise ReplisomeError('a')", "raise ValueError('a')"),
        ("raise ReplisomeError('a')", "pass"),
        ("raise Found(x)", "raise Found(found)"),
        ("raise Found(1, 'a')", "raise Found(2, 'a')"),
        ("raise ReplisomeError(f'{g(x)}')", "raise ReplisomeError(f'{g(found)}')"),
        ("raise ReplisomeError(f'{(x := 1)}')", "raise ReplisomeError(f'{(x := 2)}')"),
        ("raise ReplisomeError(f'{found[x]}')", "raise ReplisomeError('none')"),
        ("raise ReplisomeError('a') from x", "raise ReplisomeError('a') from None"),
        ("print(x.pop())", "print('nothing')"),
        ("print(f'{(x := x + 1)}')", "print(f'{x}')"),
        ("print('a', file=found)", "print('b', file=found)"),
        ("x = print('a')", "x = print('b', file=found)"),
        ("found.info('a')", "found.info('b')"),
        ("x = f'{x} a'", "x = f'{x} b'"),
        ("g('a')", "g('b')"),
    ],
)
def test_whatever_may_do_more_than_say_something_changes_it(changes, before, after):
    assert changes(before, after)
