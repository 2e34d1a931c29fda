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


REPORT = """
print(*(name for name in sys.modules if name.startswith("torch._dynamo.")))
"""


def test_optimizers_and_picklers_do_not_import_the_compiler_and_others_can_all_the_same() -> None:
    code = OPTIMIZER + REPORT + PICKLED + REPORT + COMPILED + REPORT
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    without, after_pickling, with_compiler = done.stdout.splitlines()
    assert without == after_pickling == ""
    assert "torch._dynamo.eval_frame" in with_compiler.split()
