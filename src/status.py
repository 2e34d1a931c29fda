"""How a run can end."""

STATUSES = ("completed", "diverged", "hopeless", "failed", "interrupted")
FINISHED = ("completed", "diverged", "hopeless")  # not run again
LOST = ("diverged", "hopeless", "failed")  # without a result that counts
