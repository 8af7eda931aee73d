"""Work on every core; and whether threads of OpenMP sleep, which is known by when that was asked for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from taglab.parallel import on_every_core
from taglab.progress import silent

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


def test_work_of_no_parts_is_none() -> None:
    assert on_every_core(pytest.fail, [], silent, "nothing") == []
    assert on_every_core(lambda part: 2 * part, [1, 2, 3], silent, "doubling") == [2, 4, 6]
