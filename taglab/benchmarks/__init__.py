"""Ours against named peers, both timed in one run."""

from __future__ import annotations

from collections.abc import Callable

from taglab.benchmarks import (
    cleaning,
    clustering,
    compare,
    cooccurrence,
    metrics,
    plays,
    projection,
    reading,
    runs,
)
from taglab.benchmarks.row import Row
from taglab.parallel import let_idle_threads_sleep


def _gpu() -> list[Row]:
    # Two seconds of torch, for one benchmark of many.
    let_idle_threads_sleep()
    import torch

    from taglab.benchmarks.gpu import bench_gpu
    from taglab.benchmarks.sources import rows_of_sources, throughput_of_sources

    return [*bench_gpu(), *rows_of_sources(throughput_of_sources(torch.device("cuda"), batch=128))]


def _loader() -> list[Row]:
    let_idle_threads_sleep()
    from taglab.benchmarks.loading import loader

    return loader()


def _decoding() -> list[Row]:
    let_idle_threads_sleep()
    from taglab.benchmarks.loading import decoding

    return decoding()


def _training_step() -> list[Row]:
    let_idle_threads_sleep()
    from taglab.benchmarks.training import step_of_each_network

    return step_of_each_network()


def _source_step() -> list[Row]:
    let_idle_threads_sleep()
    from taglab.benchmarks.sources import step_of_several_sources

    return step_of_several_sources()


def _semantic_loss() -> list[Row]:
    let_idle_threads_sleep()
    from taglab.benchmarks.training import semantic_loss

    return semantic_loss()


def _codebook() -> list[Row]:
    from taglab.benchmarks.encoding import codebook

    return codebook()


def _lime() -> list[Row]:
    from taglab.benchmarks.explaining import lime_of_many

    return lime_of_many()


def _factorisation() -> list[Row]:
    from taglab.benchmarks.recommending import factorisation

    return factorisation()


def _plsa() -> list[Row]:
    # numba, for one benchmark of many.
    from taglab.benchmarks.factors import plsa

    return plsa()


def _sequences() -> list[Row]:
    from taglab.benchmarks.robustness import sequences

    return sequences()


def _degradations() -> list[Row]:
    from taglab.benchmarks.robustness import degradations

    return degradations()


def _recommenders(name: str) -> Callable[[], list[Row]]:
    def measure() -> list[Row]:
        from taglab.benchmarks import recommenders

        rows: list[Row] = getattr(recommenders, name)()
        return rows

    return measure


def _joint_space(name: str) -> Callable[[], list[Row]]:
    def measure() -> list[Row]:
        from taglab.benchmarks import joint_space

        rows: list[Row] = getattr(joint_space, name)()
        return rows

    return measure


BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "lastfm": reading.lastfm,
    "second-open": reading.second_open,
    "silhouette": clustering.silhouette,
    "silhouette-at-scale": clustering.silhouette_at_scale,
    "k-means": clustering.k_means,
    "new-k": clustering.new_k,
    "co-occurrence": cooccurrence.all_pairs,
    "metrics": metrics.metrics_per_label,
    "metrics-micro": metrics.metrics_with_micro,
    "bootstrap": metrics.resampling,
    "projection": projection.bench_projection,
    "runs-table": runs.table_of_runs,
    "compare": compare.compare,
    "loader": _loader,
    "decoding": _decoding,
    "training-step": _training_step,
    "semantic-loss": _semantic_loss,
    "source-step": _source_step,
    "typos": cleaning.typos,
    "cleaning": cleaning.every_step,
    "codebook": _codebook,
    "plsa": _plsa,
    "updates": _joint_space("updates"),
    "nearest": _joint_space("nearest"),
    "tagatune": _joint_space("tagatune"),
    "big-data": _joint_space("big_data"),
    "factorisation": _factorisation,
    "recommend-lists": _recommenders("scoring"),
    "recommend-step": _recommenders("step_of_networks"),
    "plays": plays.bulk_reading,
    "lime": _lime,
    "sequences": _sequences,
    "degradations": _degradations,
    "gpu": _gpu,
}

__all__ = ["BENCHMARKS", "Row"]
