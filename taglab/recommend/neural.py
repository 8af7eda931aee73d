"""A factorisation machine and neural collaborative filtering, as recommenders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse

from taglab.interactions import Interactions
from taglab.progress import Progress, between, silent
from taglab.recommend.item_tags import ItemTags
from taglab.recommend.recommender import Floats, Floats32, Ints, Learned, Recommender


class NetworkSettings(BaseModel):
    """How a network of users, items and tags is trained.

    Attributes:
        h: Numbers of a vector.
        negatives: Items drawn beside each that was played (Kim 2021: 10).
        epochs: At most.
        patience: Epochs without a lower loss of the plays held out, after which training ends.
        validation: Share of the plays held out, by which the best epoch is told.
        batch_size: Plays of a step.
        learning_rate: Of Adam.
        weight_decay: By which every number is drawn to 0, times the learning rate, each step.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    h: int = Field(64, ge=1, le=4_096)
    negatives: int = Field(10, ge=1, le=1_000)
    epochs: int = Field(20, ge=1, le=10_000)
    patience: int = Field(3, ge=1)
    validation: float = Field(0.05, gt=0, lt=1)
    batch_size: int = Field(1_024, ge=1)
    learning_rate: float = Field(1e-3, gt=0, allow_inf_nan=False)
    weight_decay: float = Field(0.0, ge=0, allow_inf_nan=False)

    def learn(
        self, plays: Interactions, tags: ItemTags, seed: int = 0, progress: Progress = silent
    ) -> Learned:
        """Return the numbers of the network of the best epoch.

        Raises:
            InvalidSetting: If there are too few plays, or the loss is no longer finite.
        """
        from taglab.recommend.learning import NetworkTraining, train_network

        training = NetworkTraining(self, plays, tags, seed, progress=between(progress, 0, 0.1))
        return train_network(training, between(progress, 0.1, 1))


class FactorisationMachines(NetworkSettings):
    """A second-order factorisation machine of user, item and the item's tags (FM), by negative sampling.

    Attributes:
        recommender: Which recommender this is.
        h: Numbers of a vector.
        negatives: Items drawn beside each that was played (Kim 2021: 10).
        epochs: At most.
        patience: Epochs without a lower loss of the plays held out, after which training ends.
        validation: Share of the plays held out, by which the best epoch is told.
        batch_size: Plays of a step.
        learning_rate: Of Adam.
        weight_decay: By which every number is drawn to 0, times the learning rate, each step.
    """

    title: ClassVar[str] = "factorisation machine (FM)"
    uses_tags: ClassVar[bool] = True

    recommender: Literal["fm"] = "fm"

    def inputs(self, tags: ItemTags) -> sparse.csr_array:
        """Return tags as they are added up: ones (items, tags)."""
        return tags.matrix

    def network(self, n_users: int, tags: ItemTags, seed: int) -> Any:
        """Return the network."""
        from taglab.recommend.networks import FactorisationMachine

        return FactorisationMachine(n_users, tags.n_items, tags.n_tags, self.h)

    def fitted(
        self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float
    ) -> FactorisationMachineRecommender:
        """Return what scores."""
        return FactorisationMachineRecommender(self, plays, tags, learned, seconds)


class NeuralCollaborativeFiltering(NetworkSettings):
    """Neural collaborative filtering whose items' vectors are their own plus the mean of their tags' (NCF).

    Attributes:
        recommender: Which recommender this is.
        h: Numbers of a vector.
        negatives: Items drawn beside each that was played (Kim 2021: 10).
        epochs: At most.
        patience: Epochs without a lower loss of the plays held out, after which training ends.
        validation: Share of the plays held out, by which the best epoch is told.
        batch_size: Plays of a step.
        learning_rate: Of Adam.
        weight_decay: By which every number is drawn to 0, times the learning rate, each step.
        hidden: Units of the hidden layer (Kim 2021: 1,024).
    """

    title: ClassVar[str] = "neural collaborative filtering (NCF)"
    uses_tags: ClassVar[bool] = True

    recommender: Literal["ncf"] = "ncf"
    hidden: int = Field(1_024, ge=1, le=65_536)

    def inputs(self, tags: ItemTags) -> sparse.csr_array:
        """Return tags as they are added up: of each item shares of 1, (items, tags)."""
        return shares(tags.matrix)

    def network(self, n_users: int, tags: ItemTags, seed: int) -> Any:
        """Return the network, its layers drawn by the seed."""
        import torch

        from taglab.recommend.networks import NeuralFiltering

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return NeuralFiltering(n_users, tags.n_items, tags.n_tags, self.h, self.hidden)

    def fitted(
        self, plays: Interactions, tags: ItemTags, learned: Learned, seconds: float
    ) -> NeuralRecommender:
        """Return what scores."""
        return NeuralRecommender(self, plays, tags, learned, seconds)


def shares(tags: sparse.csr_array) -> sparse.csr_array:
    """Return rows of tags that add up to 1; those that add up to no number above 0 become zeros."""
    sums = np.asarray(tags.sum(axis=1)).ravel()
    scale = np.divide(1.0, sums, out=np.zeros(len(sums)), where=sums > 0)
    return sparse.csr_array(sparse.diags_array(scale) @ tags)


@dataclass(frozen=True, eq=False, repr=False)
class FactorisationMachineRecommender(Recommender):
    """Scores are log odds that a user plays an item. Pairs of two tags make them quadratic in the tags."""

    @property
    def linear(self) -> bool:
        return False

    @cached_property
    def _exact(self) -> dict[str, Floats]:
        return {name: np.asarray(values, np.float64) for name, values in self.learned.items()}

    @cached_property
    def _squares(self) -> Floats:
        """Return the squared length of every tag's vector, (tags,)."""
        return np.asarray((self._exact["tags.weight"] ** 2).sum(axis=1))

    def _scores_under(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        exact = self._exact
        own, bags = exact["items.weight"][items], tags @ exact["tags.weight"]
        squares = tags.multiply(tags) @ self._squares
        within = (own * bags).sum(axis=1) + ((bags**2).sum(axis=1) - squares) / 2
        alone = exact["item_weights.weight"][items, 0] + tags @ exact["tag_weights.weight"][:, 0]
        bias = float(exact["bias"]) + exact["user_weights.weight"][user, 0]
        return np.asarray(bias + (own + bags) @ exact["users.weight"][user] + within + alone)

    def _gradient(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        exact = self._exact
        vectors = exact["tags.weight"]
        met = exact["users.weight"][user] + exact["items.weight"][items] + tags @ vectors
        own = tags.toarray() * self._squares
        return np.asarray(exact["tag_weights.weight"][:, 0] + met @ vectors.T - own)

    @cached_property
    def _items(self) -> tuple[Floats32, Floats32]:
        """Return what of every item meets a user (items, h), and what does not (items,)."""
        exact, tags = self._exact, self.tags.matrix
        bags = tags @ exact["tags.weight"]
        own = exact["items.weight"]
        within = (own * bags).sum(axis=1) + ((bags**2).sum(axis=1) - tags @ self._squares) / 2
        alone = exact["item_weights.weight"][:, 0] + tags @ exact["tag_weights.weight"][:, 0]
        return (own + bags).astype(np.float32), (within + alone + float(exact["bias"])).astype(np.float32)

    def _score_block(self, users: Ints) -> Floats32:
        vectors, alone = self._items
        scores = self.learned["users.weight"][users] @ vectors.T
        scores += alone
        scores += self.learned["user_weights.weight"][users]
        return np.asarray(scores, np.float32)


@dataclass(frozen=True, eq=False, repr=False)
class NeuralRecommender(Recommender):
    """Scores are log odds that a user plays an item.

    The gradient heeds that a tag more makes the others' share of the mean less. Of an item without tags,
    where the mean is no smooth function of them, it is the slope towards having the one tag alone.
    """

    @property
    def linear(self) -> bool:
        return False

    @cached_property
    def _exact(self) -> dict[str, Floats]:
        return {name: np.asarray(values, np.float64) for name, values in self.learned.items()}

    def _meeting(self, user: int) -> tuple[Floats, Floats, Floats]:
        """Return what of a user meets items' vectors (h,), the hidden layer (hidden,), and what is added."""
        exact = self._exact
        own = exact["users.weight"][user]
        return own * exact["product"], exact["of_user.weight"] @ own + exact["of_user.bias"], exact["bias"]

    def _scores_under(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        exact = self._exact
        met, layer, bias = self._meeting(user)
        vectors = exact["items.weight"][items] + shares(tags) @ exact["tags.weight"]
        hidden = np.maximum(layer + vectors @ exact["of_item.weight"].T, 0)
        return np.asarray(float(bias) + vectors @ met + hidden @ exact["out.weight"][0])

    def _gradient(self, user: int, items: Ints, tags: sparse.csr_array) -> Floats:
        exact = self._exact
        met, layer, _ = self._meeting(user)
        means = shares(tags) @ exact["tags.weight"]
        open_units = layer + (exact["items.weight"][items] + means) @ exact["of_item.weight"].T > 0
        by_vector = met + (open_units * exact["out.weight"][0]) @ exact["of_item.weight"]
        sums = np.asarray(tags.sum(axis=1)).ravel()
        apart = by_vector @ exact["tags.weight"].T - (by_vector * means).sum(axis=1)[:, None]
        return np.asarray(apart / np.where(sums > 0, sums, 1.0)[:, None])

    @cached_property
    def _items(self) -> tuple[Floats32, Floats32]:
        """Return the vector of every item (items, h), and what it brings to the hidden layer."""
        vectors = self._exact["items.weight"] + shares(self.tags.matrix) @ self._exact["tags.weight"]
        own = vectors.astype(np.float32)
        return own, own @ self.learned["of_item.weight"].T

    def _score_block(self, users: Ints) -> Floats32:
        vectors, layers = self._items
        scores = np.empty((len(users), self.n_items), np.float32)
        hidden = np.empty_like(layers)
        for row, user in enumerate(users):
            met, layer, bias = (part.astype(np.float32) for part in self._meeting(user))
            np.maximum(np.add(layers, layer, out=hidden), 0, out=hidden)
            scores[row] = vectors @ met + hidden @ self.learned["out.weight"][0] + bias
        return scores
