"""How a run can end."""

STATUSES = ("completed", "diverged", "failed", "interrupted")
FINISHED = ("completed", "diverged")  # not run again
LOST = ("diverged", "failed")  # without a result that counts
