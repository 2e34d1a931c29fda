"""Optimizers work without torch's compiler, which is there for those who want it."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

OPTIMIZER = """
import sys, torch
from src.optimizers.build import build_optimizer
config = {"name": "adamw", "_target_": "torch.optim.AdamW", "lr": 0.1}
weight = torch.nn.Parameter(torch.ones(1))
optimizer = build_optimizer(config, [weight])
optimizer.zero_grad()
(weight ** 2).backward()
optimizer.step()
optimizer.load_state_dict(optimizer.state_dict())
assert weight.item() < 1
assert torch.compiler.disable(recursive=False)(len)("ab") == torch.compiler.disable(len)("ab") == 2
"""
PICKLED = """
from joblib.externals import cloudpickle
function = eval("lambda: 1")
function.__module__, function.__qualname__ = None, "SweeperConf.__init__"
assert cloudpickle.loads(cloudpickle.dumps(function))() == 1
"""
COMPILED = """
assert torch.compile(lambda x: x + 1, backend="eager")(torch.zeros(1)).item() == 1
optimizer.step()
"""


def run(code: str) -> list[str]:
    """Runs the code in a new process; returns the modules of torch's compiler that it has imported."""
    report = "print(*(name for name in sys.modules if name.startswith('torch._dynamo.')))"
    done = subprocess.run([sys.executable, "-c", code + report], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_optimizers_do_not_import_the_compiler() -> None:
    assert run(OPTIMIZER) == []


def test_picklers_that_look_for_a_function_in_every_module_do_not_import_it_either() -> None:
    assert run(OPTIMIZER + PICKLED) == []


def test_others_can_import_it_all_the_same() -> None:
    assert "torch._dynamo.eval_frame" in run(OPTIMIZER + COMPILED)
