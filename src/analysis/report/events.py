"""The figures of a report in an event file, so that TensorBoard shows them next to the runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from src import layout
from src.files import replacing

GROUP = "visuals"  # TensorBoard sorts groups by name, and what it shows first should be the scalars, up to `val`


def write_events(figures: Sequence[Path], folder: Path) -> Path:
    """Writes the PNG files among `figures` under the tags visuals/NAME; returns the path of the event file."""
    now = time.time()
    path = folder / layout.FIGURE_EVENTS
    with replacing(path) as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
        for figure in figures:
            if figure.suffix == ".png":
                value = Summary.Value(tag=f"{GROUP}/{figure.stem}", image=_image(figure.read_bytes()))
                writer.write(Event(wall_time=now, step=0, summary=Summary(value=[value])).SerializeToString())
    return path


def _image(png: bytes) -> Summary.Image:
    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))  # from the PNG header
    return Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=png)
