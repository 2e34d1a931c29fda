"""The figures of a report as images in an event file of its own, so that TensorBoard shows them beside the runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from src.files import replacing

FILE = "events.out.tfevents.0000000000.figures"  # always the same: a new report takes the place of the last


def write_events(figures: Sequence[Path], folder: Path) -> Path:
    """Writes the PNG files among `figures` under the tags figures/NAME."""
    now = time.time()
    with replacing(folder / FILE) as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
        for path in figures:
            if path.suffix == ".png":
                value = Summary.Value(tag=f"figures/{path.stem}", image=_image(path.read_bytes()))
                writer.write(Event(wall_time=now, step=0, summary=Summary(value=[value])).SerializeToString())
    return folder / FILE


def _image(png: bytes) -> Summary.Image:
    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))  # of its header
    return Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=png)
