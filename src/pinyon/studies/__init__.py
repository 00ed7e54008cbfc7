"""Experiments on indexes: what their parameters do to recall, time and memory, on anybody's vectors.

    from pinyon import studies

    study = studies.hnsw(studies.Source(generate=(20_000, 64)), m=[8, 16, 32])
    study.save("hnsw-of-20000")

Every build runs in a fresh process on one thread; recall is judged by exact search; equal settings give equal recall.
"""

from pinyon.studies.applying import Applied, apply
from pinyon.studies.choosing import Contract, Finding
from pinyon.studies.climbing import tune
from pinyon.studies.experiments import filters, growth, hnsw, ivf, quantise
from pinyon.studies.measuring import measure
from pinyon.studies.results import Settings
from pinyon.studies.running import bench
from pinyon.studies.sources import Data, Source, load
from pinyon.studies.study import Study, again, conduct, differences
from pinyon.studies.tuning import Tuning
from pinyon.studies.values import Configuration, Row, Watch

__all__ = [
    "Applied",
    "Configuration",
    "Contract",
    "Data",
    "Finding",
    "Row",
    "Settings",
    "Source",
    "Study",
    "Tuning",
    "Watch",
    "again",
    "apply",
    "bench",
    "conduct",
    "differences",
    "filters",
    "growth",
    "hnsw",
    "ivf",
    "load",
    "measure",
    "quantise",
    "tune",
]
