"""Maps of tags: PCA, t-SNE and UMAP of vectors or distances, with how far each can be trusted."""

from taglab.projection.compute import judged, project, project_distances, settings_used
from taglab.projection.cost import Cost, cost
from taglab.projection.jobs import ProjectionJob, ProjectionWorker, WorkerLost, shared_worker
from taglab.projection.methods import PROJECTIONS, ProjectionMethod, warm_up
from taglab.projection.quality import Quality, map_quality
from taglab.projection.result import AS_IS, Projection
from taglab.projection.settings import ProjectionSettings
from taglab.projection.store import cached_projection, find_projection, keep_projection, projection_path

__all__ = [
    "AS_IS",
    "PROJECTIONS",
    "Cost",
    "Projection",
    "ProjectionJob",
    "ProjectionMethod",
    "ProjectionSettings",
    "ProjectionWorker",
    "Quality",
    "WorkerLost",
    "cached_projection",
    "cost",
    "find_projection",
    "judged",
    "keep_projection",
    "map_quality",
    "project",
    "project_distances",
    "projection_path",
    "settings_used",
    "shared_worker",
    "warm_up",
]
