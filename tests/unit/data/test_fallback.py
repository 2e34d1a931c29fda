"""An unavailable dataset is replaced as a whole before anything is derived from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.data import archives
from src.data.fallback import resolve_dataset
from src.errors import DataUnavailableError, UsageError
from tests.conftest import make_config


@pytest.fixture
def no_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(data: object) -> None:
        if getattr(data, "archives", None):
            raise DataUnavailableError("nowhere")

    monkeypatch.setattr(archives, "ensure", unavailable)


@pytest.fixture
def all_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "ensure", lambda data: None)


@pytest.mark.usefixtures("all_data")
def test_available_dataset_leaves_overrides_unchanged() -> None:
    assert resolve_dataset(["scheduler=step", "seed=0,1"]) == ["scheduler=step", "seed=0,1"]


@pytest.mark.usefixtures("no_mnist")
def test_fallback_replaces_every_data_override(caplog: pytest.LogCaptureFixture) -> None:
    overrides = resolve_dataset(["data=mnist", "data.num_val=10000", "scheduler=cosine,step", "hydra/launcher=joblib"])
    assert overrides == ["scheduler=cosine,step", "hydra/launcher=joblib", "data=digits", "data.requested=mnist"]
    assert len(caplog.records) == 1
    assert "mnist is unavailable, falling back to digits" in caplog.text


@pytest.mark.usefixtures("no_mnist")
def test_horizons_follow_the_dataset_in_use() -> None:
    config = make_config(*resolve_dataset(["scheduler=cosine", "epochs=3"]))
    assert config.data.requested == "mnist"
    assert config.scheduler["T_max"] == 3 * 10  # digits has 10 updates per epoch, MNIST 430


@pytest.mark.usefixtures("no_mnist")
def test_missing_dataset_without_a_fallback_is_an_error() -> None:
    with pytest.raises(DataUnavailableError, match="nowhere"):
        resolve_dataset(["data.fallback=null"])


@pytest.mark.usefixtures("no_mnist")
def test_unknown_fallback_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"data\.fallback=imagenet"):
        resolve_dataset(["data.fallback=imagenet"])


def test_sweep_over_datasets_fetches_all_and_replaces_none(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(archives, "ensure", lambda data: fetched.append(data.name))
    assert resolve_dataset(["data=mnist,digits"]) == ["data=mnist,digits"]
    assert fetched == ["mnist", "digits"]


def test_user_config_folder_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(archives, "ensure", lambda data: fetched.append(data.name))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("name: mine\n_target_: src.models.softmax\nnum_classes: 10\n")
    resolve_dataset([f"hydra.searchpath=[file://{tmp_path}]", "model=mine"])
    assert fetched == ["mnist"]


@pytest.mark.usefixtures("no_mnist")
def test_invalid_values_are_errors_before_anything_is_fetched() -> None:
    with pytest.raises(UsageError, match="epochs=0"):
        resolve_dataset(["epochs=0"])


@pytest.mark.usefixtures("all_data")
@pytest.mark.parametrize("override", ["scheduler=nope", "epochz=3", "=", "epochs=[1"])
def test_hydra_errors_are_one_line(override: str) -> None:
    with pytest.raises(UsageError) as error:
        resolve_dataset([override])
    assert len(str(error.value).splitlines()) == 1
