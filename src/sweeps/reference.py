"""`reference=NAME` on the command line of a sweep without a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from src.config.identity import digest, identity
from src.config.naming import setting_name
from src.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from src.config.schema import Config
    from src.sweeps.plan import Plan

_KEY = "reference="


def split_reference(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """The name after the last `reference=`, if any, and the other arguments.

    It is not an override: names of settings (`cosine lr=0.1`) are not in Hydra's grammar.
    """
    names = [text.removeprefix(_KEY) for text in arguments if text.startswith(_KEY)]
    others = [text for text in arguments if not text.startswith(_KEY)]
    return setting_name(names[-1]) if names else None, others


def check_single(reference: str | None) -> None:
    """Rejects a reference for a single run.

    Raises:
        UsageError: there is a reference.
    """
    if reference is not None:
        raise UsageError(f"reference={reference}: a single run is compared with nothing; add -m to run several")


def check_reference(plan: Plan, reference: str | None) -> None:
    """Rejects a reference that is not one setting of the plan.

    Raises:
        UsageError: names the settings to choose from.
    """
    if reference is not None:
        from src.analysis.reference import check_reference  # imports pandas

        check_reference(_settings(plan), reference)


def reference_note(plan: Plan, reference: str | None) -> str:
    """That nothing will be tested, if there is no reference in any table of the plan; otherwise empty."""
    from src.analysis.reference import DEFAULT, reference_setting, remedy
    from src.analysis.workloads import WORKLOAD

    workloads = [rows for _, rows in _settings(plan).groupby(WORKLOAD, dropna=False, sort=False)]
    compared = [rows.drop_duplicates("setting") for rows in workloads if rows["setting"].nunique() > 1]
    if not compared or any(reference_setting(rows, reference or DEFAULT) for rows in compared):
        return ""
    return f"no difference will be tested, because there is no unique reference; {remedy(compared[0].assign(n=1))}"


def _settings(plan: Plan) -> pd.DataFrame:
    """The settings of the plan, with the names that they will have in its tables."""
    import pandas as pd

    from src.analysis.labels import setting_labels
    from src.analysis.workloads import WORKLOAD

    rows = pd.DataFrame([_row(config) for config in plan.settings])
    rows = rows.assign(**dict.fromkeys(set(WORKLOAD) - set(rows), ""))
    labels = [part["setting"].map(setting_labels(part)) for _, part in rows.groupby(WORKLOAD, dropna=False)]
    return rows.assign(label=pd.concat(labels))


def _row(config: Config) -> dict[str, Any]:
    settings = {key: value for key, value in identity(config).items() if key not in ("seed", "read_test")}
    groups = {name: getattr(config, name)["name"] for name in ("model", "optimizer", "scheduler")}
    values = {name: getattr(config, name) for name in ("epochs", "seconds", "batch_size", "warmup")}
    return {
        **groups,
        **values,
        "dataset": config.data.name,
        "lr": config.optimizer["lr"],
        "precision": config.trainer.precision,
        "settings": settings,
        "setting": digest(settings),
    }
