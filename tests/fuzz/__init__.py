"""What comes from outside, at random and in plenty: chub answers with its own errors, and with nothing else.

`nox -s fuzz` gives each test a minute; ``nox -s fuzz -- --fuzz-seconds 600 tests/fuzz/test_tar.py`` gives one ten. The
nightly job runs all, no push does. A test makes inputs that are nearly right (`strategies`), and passes each to a
parser: a `ChubError` may come out, or a result which then has to survive the way back. Another exception, a call that
takes seconds, or memory beyond `conftest.MEMORY` is a defect.

hypothesis prints the smallest input that fails, and tries it first the next time (``.hypothesis/``). Mend what it
found, and put the input into a unit test of that module: this suite is not where a defect that is known is watched.
"""
