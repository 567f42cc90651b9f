"""One thread for the fits of scikit-learn.

The classifiers of a comparison are small: a second thread makes them little faster on idle cores. Where another process holds a core, the
threads of OpenMP and BLAS wait for each other, and the same fit takes many times as long.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Limit OpenMP and BLAS to one thread within the block; as a decorator, within each call."""
    import sklearn.ensemble  # noqa: F401  # only libraries that are loaded can be limited
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
