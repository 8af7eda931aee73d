"""Clustering tags: spherical k-means, agglomerative, and what is asked of several clusterings together."""

from taglab.clustering.methods import CLUSTERERS, cluster, cluster_distances
from taglab.clustering.result import Clustering, ClusterSettings

__all__ = ["CLUSTERERS", "ClusterSettings", "Clustering", "cluster", "cluster_distances"]
