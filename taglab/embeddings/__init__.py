"""Where tags get their vectors from: files of word vectors, or training on the tag lists themselves."""

from taglab.embeddings.coverage import Coverage, coverage, duplicates
from taglab.embeddings.files import read_vectors
from taglab.embeddings.library import (
    OWN,
    add_vectors,
    heeds_length,
    open_vectors,
    own_vectors,
    own_vectors_are_kept,
    resolve,
    vector_names,
    vectors_key,
    whole_vectors,
)
from taglab.embeddings.neighbours import analogy, axis, neighbours, overlap_at_k
from taglab.embeddings.phrases import FORMS, Lookup, compose, find_words
from taglab.embeddings.projector import ProjectorFiles, projector_metadata, write_projector
from taglab.embeddings.question import LookedUp, TagMaterial, TagQuestion, WordMaterial, selected_tags
from taglab.embeddings.skipgram import SkipGramSettings, train_skipgram, training_seconds
from taglab.embeddings.tag_skipgram import TagSkipGramSettings, train_tag_vectors
from taglab.embeddings.words import WordVectors

__all__ = [
    "FORMS",
    "OWN",
    "Coverage",
    "LookedUp",
    "Lookup",
    "ProjectorFiles",
    "SkipGramSettings",
    "TagMaterial",
    "TagQuestion",
    "TagSkipGramSettings",
    "WordMaterial",
    "WordVectors",
    "add_vectors",
    "analogy",
    "axis",
    "compose",
    "coverage",
    "duplicates",
    "find_words",
    "heeds_length",
    "neighbours",
    "open_vectors",
    "overlap_at_k",
    "own_vectors",
    "own_vectors_are_kept",
    "projector_metadata",
    "read_vectors",
    "resolve",
    "selected_tags",
    "train_skipgram",
    "train_tag_vectors",
    "training_seconds",
    "vector_names",
    "vectors_key",
    "whole_vectors",
    "write_projector",
]
