"""Runs in MLflow and in Weights & Biases. Their packages are extras, imported when a run starts."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from filelock import FileLock
from hydra.core.hydra_config import HydraConfig

from src.config.extras import check_installed
from src.config.identity import digest, identity
from src.files import write_text
from src.training.callbacks import Callback

if TYPE_CHECKING:
    from src.config.schema import Config
    from src.training.metrics import EpochResult, Outcome
    from src.training.trainer import Trainer


class Logger(Callback, ABC):
    """Sends the settings, the metrics of every epoch and the test metrics of a run to another program.

    The id of the run there is kept in the run's folder, so that a resumed run goes on in the same one.
    """

    package: ClassVar[str]

    @classmethod
    def check_available(cls) -> None:
        check_installed(cls.package, f"callbacks={cls.package}", cls.package)

    @abstractmethod
    def start(self, config: Config, name: str, folder: Path, earlier: str | None) -> str:
        """Starts a run, or resumes the `earlier` one; returns its id."""

    @abstractmethod
    def log(self, values: Mapping[str, float], step: int) -> None:
        """Sends the metrics at a number of updates."""

    @abstractmethod
    def end(self, status: str) -> None:
        """Ends the run."""

    def on_run_start(self, trainer: Trainer) -> None:
        folder = Path(HydraConfig.get().runtime.output_dir)
        file, config = folder / f".{self.package}_run", trainer.config
        is_resumed = trainer.progress.step > 0 and file.exists()
        name = f"{config.scheduler['name']} lr={config.optimizer['lr']:g} seed={config.seed}"
        write_text(file, self.start(config, name, folder, file.read_text() if is_resumed else None))

    def on_epoch_end(self, trainer: Trainer, result: EpochResult) -> None:
        metrics = {"train/loss": result.train_loss, "train/accuracy": result.train_accuracy}
        metrics |= {"val/loss": result.val_loss, "val/accuracy": result.val_accuracy}
        self.log({"epoch": result.epoch, "lr": result.lr, **metrics}, result.step)

    def on_run_end(self, trainer: Trainer, outcome: Outcome) -> None:
        if outcome.test is not None:
            metrics = {"test/loss": outcome.test.loss, "test/accuracy": outcome.test.accuracy}
            self.log(metrics, trainer.progress.step)
        self.end(outcome.status)


class MLflow(Logger):
    """A run in MLflow."""

    package = "mlflow"

    def __init__(self, experiment: str, tracking_uri: str | None = None) -> None:
        self._experiment = experiment
        self._tracking_uri = tracking_uri
        self._client: Any = None  # until the run has started
        self._run_id = ""

    def start(self, config: Config, name: str, folder: Path, earlier: str | None) -> str:
        from mlflow import MlflowClient

        lock = f"schedbench-mlflow-{digest([str(Path.cwd()), self._tracking_uri])}.lock"
        with FileLock(Path(tempfile.gettempdir(), lock)):  # two workers must not create one database
            client = MlflowClient(self._tracking_uri)
            experiment = client.get_experiment_by_name(self._experiment)
            number = experiment.experiment_id if experiment else client.create_experiment(self._experiment)
        if earlier is None:
            self._run_id = client.create_run(number, run_name=name, tags={"folder": str(folder)}).info.run_id
            for key, value in identity(config).items():
                client.log_param(self._run_id, key, value)
        else:
            self._run_id = earlier
            client.update_run(earlier, status="RUNNING")
        self._client = client
        return self._run_id

    def log(self, values: Mapping[str, float], step: int) -> None:
        for key, value in values.items():
            self._client.log_metric(self._run_id, key, value, step=step)

    def end(self, status: str) -> None:
        if self._client is not None:
            self._client.set_tag(self._run_id, "status", status)
            ends = {"failed": "FAILED", "interrupted": "KILLED"}
            self._client.set_terminated(self._run_id, ends.get(status, "FINISHED"))


class WandB(Logger):
    """A run in Weights & Biases."""

    package = "wandb"

    def __init__(self, project: str, mode: str | None = None) -> None:
        self._project = project
        self._mode = mode
        self._run: Any = None  # until the run has started

    def start(self, config: Config, name: str, folder: Path, earlier: str | None) -> str:
        import wandb

        self._run = wandb.init(
            project=self._project,
            mode=self._mode,
            name=name,
            id=earlier,
            resume="allow",
            dir=str(folder),
            config=identity(config),
            settings=wandb.Settings(silent=True, console="off"),
        )
        self._run.define_metric("*", step_metric="step")
        return str(self._run.id)

    def log(self, values: Mapping[str, float], step: int) -> None:
        self._run.log({"step": step, **values})

    def end(self, status: str) -> None:
        if self._run is not None:
            self._run.summary["status"] = status
            self._run.finish(exit_code=1 if status == "failed" else 0)
