"""Archives are verified before every use and fetched completely or not at all."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from src.config.schema import DataConfig
from src.data import archives
from src.data.torchvision import dataset_class
from src.errors import DataUnavailableError, UsageError
from tests.conftest import make_config

FILES = {"train_images": b"some images", "train_labels": b"their labels"}
UNREACHABLE = "http://127.0.0.1:9/"


@pytest.fixture
def mirror_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
    return folder


@pytest.fixture
def data(tmp_path: Path, mirror_folder: Path) -> DataConfig:
    """A dataset with two archives that only one folder provides."""
    parts: dict[str, Any] = {}
    for name in FILES:
        content = (mirror_folder / f"{name}.gz").read_bytes()
        parts[name] = {"file": f"{name}.gz", "md5": hashlib.md5(content).hexdigest()}
    return replace(
        make_config().data,
        archives=parts,
        root=str(tmp_path / "root"),
        mirror=str(mirror_folder),
        mirrors=[UNREACHABLE],
    )


def test_archives_are_stored_in_torchvisions_layout(data: DataConfig) -> None:
    archives.ensure(data)
    without_mirror = replace(data, mirror=None)
    archives.ensure(without_mirror)
    assert gzip.decompress(archives.read(without_mirror, "train_images")) == FILES["train_images"]
    folder = archives.archive_path(data, "train_images").parent
    assert folder == Path(str(data.root)) / "MNIST" / "raw"
    assert sorted(path.name for path in folder.iterdir()) == ["train_images.gz", "train_labels.gz"]


def test_mirror_can_be_a_url(data: DataConfig, mirror_folder: Path) -> None:
    archives.ensure(replace(data, mirror=mirror_folder.as_uri()))
    assert archives.archive_path(data, "train_labels").exists()


@pytest.mark.parametrize(("preferred", "others"), [(None, [UNREACHABLE, "mirror", "damaged"]), ("mirror", ["damaged"])])
def test_mirrors_are_tried_in_order(
    data: DataConfig, tmp_path: Path, preferred: str | None, others: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "train_images.gz").write_bytes(b"tampered")
    monkeypatch.chdir(tmp_path)
    archives.ensure(replace(data, mirror=preferred, mirrors=others))
    assert gzip.decompress(archives.read(data, "train_images")) == FILES["train_images"]


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: content + b"x", lambda content: b""])
def test_damaged_archive_is_reported_and_not_used(data: DataConfig, damage: Callable[[bytes], bytes]) -> None:
    archives.ensure(data)
    path = archives.archive_path(data, "train_labels")
    path.write_bytes(damage(path.read_bytes()))
    for use in (lambda: archives.ensure(data), lambda: archives.read(data, "train_labels")):
        with pytest.raises(UsageError, match=r"train_labels\.gz is not .* data=mnist .* not used: MD5 .*, expected"):
            use()


def test_file_of_another_data_set_is_not_to_be_deleted(data: DataConfig, tmp_path: Path) -> None:
    archives.ensure(data)
    other = replace(data, name="other", archives={"train_images": {"file": "train_images.gz", "md5": "0" * 32}})
    with pytest.raises(UsageError, match=r"data\.folder=DIR.*if it is damaged, move it away") as error:
        archives.ensure(other)
    assert "delete" not in str(error.value)
    with pytest.raises(UsageError, match=r"give the new one if the file was changed .* data\.folder=DIR") as error:
        archives.ensure(replace(other, mirror=None, mirrors=[]))
    assert archives.archive_path(data, "train_images").exists()


def test_folder_of_the_files_can_be_named(data: DataConfig, mirror_folder: Path) -> None:
    here = replace(data, folder=str(mirror_folder), root="/nowhere", mirror=None, mirrors=[])
    archives.ensure(here)
    assert archives.archive_path(here, "train_images") == mirror_folder / "train_images.gz"
    assert gzip.decompress(archives.read(here, "train_images")) == FILES["train_images"]


@pytest.mark.parametrize("key", ["folder", "mirror"])
def test_unknown_home_directory_is_named(data: DataConfig, key: str) -> None:
    with pytest.raises(UsageError, match=rf"data\.{key}=~nobody-here/mnist: there is no such home directory"):
        archives.ensure(replace(data, **{key: "~nobody-here/mnist"}))


def test_folder_that_cannot_be_read_is_named(data: DataConfig) -> None:
    with pytest.raises(UsageError, match="cannot be read: File name too long"):
        archives.ensure(replace(data, folder="x" * 300))


def test_md5_is_optional(data: DataConfig, mirror_folder: Path) -> None:
    parts: dict[str, Any] = {"train_images": "train_images.gz", "train_labels": {"file": "train_labels.gz"}}
    archives.ensure(replace(data, archives=parts, folder=str(mirror_folder)))
    assert archives.unverified_digest(data) == ""
    before = archives.unverified_digest(replace(data, archives=parts, folder=str(mirror_folder)))
    (mirror_folder / "train_labels.gz").write_bytes(b"others")
    assert before != archives.unverified_digest(replace(data, archives=parts, folder=str(mirror_folder))) != ""


def test_missing_file_without_mirrors_names_the_folder(data: DataConfig, tmp_path: Path) -> None:
    alone = replace(data, folder=str(tmp_path), mirror=None, mirrors=[])
    with pytest.raises(
        DataUnavailableError, match=r"train_images\.gz does not exist; put the file there.*data\.folder="
    ):
        archives.ensure(alone)


def test_undeclared_files_and_folders_are_refused(data: DataConfig) -> None:
    with pytest.raises(
        UsageError, match=r"names no file for test_images, test_labels; add, .* test_images: test_images"
    ):
        archives.check_declared(data)
    parts: dict[str, Any] = {part: f"{part}.npy" for part in archives.PARTS}
    with pytest.raises(UsageError, match=r"data=mnist: the folder of its files is not given; set data\.folder=DIR"):
        archives.check_declared(replace(data, archives=parts, source=""))
    archives.check_declared(make_config("data=digits").data)
    archives.check_declared(make_config("data=mnist").data)


def test_damaged_mirror_is_reported_and_nothing_is_stored(data: DataConfig, mirror_folder: Path) -> None:
    (mirror_folder / "train_images.gz").write_bytes(b"tampered")
    with pytest.raises(UsageError, match=r"mirror/train_images\.gz is damaged .* choose another mirror"):
        archives.ensure(data)
    assert not archives.archive_path(data, "train_images").exists()


def test_missing_archive_error_names_mirrors_and_both_remedies(data: DataConfig, tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError, match=r"data\.mirror=DIR.*data=digits") as error:
        archives.ensure(replace(data, mirror=str(tmp_path / "empty")))
    assert f"{tmp_path / 'empty'}: No such file or directory; {UNREACHABLE}: " in str(error.value)
    assert "refused" in str(error.value)


@contextmanager
def serving(body: Callable[[], Iterator[bytes]]) -> Iterator[str]:
    """The URL of a server that answers with the pieces of `body()`, as long as the client listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for piece in body():
                    self.wfile.write(piece)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def test_download_that_ends_early_is_given_up(data: DataConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseHTTPRequestHandler, "end_headers", _with_length(BaseHTTPRequestHandler.end_headers))
    with serving(lambda: iter([b"x" * 500])) as url:
        archives.ensure(replace(data, mirror=url, mirrors=[str(data.mirror)]))
    assert gzip.decompress(archives.read(data, "train_labels")) == FILES["train_labels"]


def _with_length(end_headers: Callable[[BaseHTTPRequestHandler], None]) -> Callable[[BaseHTTPRequestHandler], None]:
    """Announces more bytes than are sent."""

    def announce(handler: BaseHTTPRequestHandler) -> None:
        handler.send_header("Content-Length", "100000")
        end_headers(handler)

    return announce


def trickle() -> Iterator[bytes]:
    while True:
        time.sleep(0.02)
        yield b"x"


def test_slow_mirror_is_given_up(data: DataConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "PATIENCE_SECONDS", 0.1)
    with serving(trickle) as url, pytest.raises(DataUnavailableError, match=rf"{url}: too slow, \d+ bytes in 0 s"):
        archives.ensure(replace(data, mirror=url))


def test_endless_download_is_given_up(data: DataConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 10_000)
    with (
        serving(lambda: repeat(b"x" * 1000)) as url,
        pytest.raises(DataUnavailableError, match="sent more than 10,000 bytes"),
    ):
        archives.ensure(replace(data, mirror=url))


def test_next_mirror_replaces_one_that_is_too_slow(data: DataConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "PATIENCE_SECONDS", 0.1)
    with serving(trickle) as url:
        archives.ensure(replace(data, mirror=url, mirrors=[str(data.mirror)]))
    assert gzip.decompress(archives.read(data, "train_labels")) == FILES["train_labels"]


def test_unwritable_folder_is_reported(data: DataConfig, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"cannot be written .*data\.root=DIR"):
        archives.ensure(replace(data, root=str(tmp_path / "file")))


def test_concurrent_downloads_to_an_empty_folder_all_succeed(data: DataConfig) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(archives.ensure, [data] * 16))
    folder = archives.archive_path(data, "train_images").parent
    assert len(list(folder.iterdir())) == 2
    for part, content in FILES.items():
        assert gzip.decompress(archives.read(data, part)) == content


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "kmnist"])
def test_archives_and_mirrors_equal_those_of_torchvision(name: str) -> None:
    config = make_config(f"data={name}").data
    reference = dataset_class(config.source)
    assert {archive["file"]: archive["md5"] for archive in config.archives.values()} == dict(reference.resources)
    assert config.mirrors == list(reference.mirrors)
