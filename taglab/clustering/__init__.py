"""Clustering tags: spherical k-means, agglomerative, HDBSCAN, and what is asked of several clusterings."""

from taglab.clustering.agglomerative import Agglomerative
from taglab.clustering.clusterer import Clusterer
from taglab.clustering.euclidean import EuclideanKMeans
from taglab.clustering.hdbscan import Hdbscan
from taglab.clustering.kmeans import SphericalKMeans
from taglab.clustering.methods import CLUSTERERS, AnyClusterer, cluster, cluster_distances, clusterer
from taglab.clustering.result import Clustering

__all__ = [
    "CLUSTERERS",
    "Agglomerative",
    "AnyClusterer",
    "Clusterer",
    "Clustering",
    "EuclideanKMeans",
    "Hdbscan",
    "SphericalKMeans",
    "cluster",
    "cluster_distances",
    "clusterer",
]
