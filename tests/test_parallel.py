"""Whether threads of OpenMP sleep while they wait is known by when that was asked for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ASK = "from taglab.parallel import idle_threads_sleep, let_idle_threads_sleep"


@pytest.mark.parametrize(
    ("before", "policy", "sleep"),
    [
        ("", None, True),
        ("", "passive", True),
        ("", "ACTIVE", False),
        # scikit-learn brings OpenMP, which has then read what it waits by.
        ("import sklearn.metrics", None, False),
    ],
)
def test_idle_threads_sleep_where_that_is_asked_for_in_time(
    before: str, policy: str | None, sleep: bool
) -> None:
    lines = [
        before,
        ASK,
        "print(idle_threads_sleep())",
        "let_idle_threads_sleep()",
        "print(idle_threads_sleep())",
    ]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if policy is not None:
        environment["OMP_WAIT_POLICY"] = policy
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", str(sleep)]
