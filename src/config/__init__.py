"""What a run is asked to do: schema, checks, composition by Hydra, and the identity of a run."""

from pathlib import Path

CONF = Path(__file__).resolve().parents[2] / "conf"
