"""Networks that score a user, an item and its tags: a factorisation machine, and a neural one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional

from taglab.recommend.started import Started


class TagRowsOfItems:
    """Tags of items, looked up for any of them as one flat list and where each begins.

    Args:
        matrix: Ones (items, tags).
    """

    def __init__(self, matrix: sparse.csr_array, device: torch.device | None = None) -> None:
        self.pointers = torch.from_numpy(matrix.indptr.astype(np.int64)).to(device)
        self.tags = torch.from_numpy(matrix.indices.astype(np.int64)).to(device)

    def of(self, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return the tags of items one after the other, and where each item's begin, (items,)."""
        starts = self.pointers[items]
        counts = self.pointers[items + 1] - starts
        ends = counts.cumsum(0)
        begins = ends - counts
        total = int(ends[-1]) if len(ends) else 0
        shift = torch.repeat_interleave(starts - begins, counts, output_size=total)
        return self.tags[torch.arange(total, device=items.device) + shift], begins


class FactorisationMachine(nn.Module):
    """A second-order factorisation machine of three fields: a user, an item, and the item's tags, each 1.

    score = b + w_u + w_i + Σ x_t w_t + Σ over pairs of all of these of the products of their vectors, those
    of two tags included. Source: Rendle, "Factorization machines", ICDM 2010, and its identity of squares.
    """

    def __init__(self, n_users: int, n_items: int, n_tags: int, h: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))
        self.users, self.items = nn.Embedding(n_users, h), nn.Embedding(n_items, h)
        self.tags = nn.EmbeddingBag(n_tags, h, mode="sum", include_last_offset=False)
        self.user_weights, self.item_weights = nn.Embedding(n_users, 1), nn.Embedding(n_items, 1)
        self.tag_weights = nn.EmbeddingBag(n_tags, 1, mode="sum", include_last_offset=False)

    @torch.no_grad()
    def begin(self, start: Started, scale: float, bias: float, inputs: sparse.csr_array) -> None:
        """Begin where scores are those of a factorisation, times a scale, plus a bias.

        Pairs within an item, and of its tags, are in no factorisation: items' weights begin by undoing them.
        """
        root = np.float32(np.sqrt(scale))
        vectors = root * start.items
        tags = root * start.tags
        sums = np.asarray(inputs @ tags)
        squares = np.asarray(inputs @ (tags**2).sum(axis=1))
        within = (vectors * sums).sum(axis=1) + ((sums**2).sum(axis=1) - squares) / 2
        self.bias.fill_(bias)
        for embedding, values in (
            (self.users, root * start.users),
            (self.items, vectors),
            (self.tags, tags),
            (self.item_weights, -within[:, None]),
        ):
            embedding.weight.copy_(torch.from_numpy(np.ascontiguousarray(values, np.float32)))
        for zeros in (self.user_weights, self.tag_weights):
            zeros.weight.zero_()

    def item_side(self, items: Tensor, tags: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Return what of items meets a user, (items, h), and what does not, (items,)."""
        own, bags = self.items(items), self.tags(tags, begins)
        squares = functional.embedding_bag(
            tags, self.tags.weight.square().sum(dim=1, keepdim=True), begins, mode="sum"
        )
        within = (own * bags).sum(dim=1) + (bags.square().sum(dim=1) - squares[:, 0]) / 2
        alone = self.item_weights(items)[:, 0] + self.tag_weights(tags, begins)[:, 0]
        return own + bags, within + alone

    def forward(self, users: Tensor, items: Tensor, tags: Tensor, begins: Tensor, at: Tensor) -> Tensor:
        """Return scores (plays, places).

        Args:
            users: (plays,).
            items: Distinct items of the batch (items,).
            tags: Of those, one after the other.
            begins: Where each item's begin.
            at: Which of the items stands in each place (plays, places).
        """
        vectors, alone = self.item_side(items, tags, begins)
        own = self.users(users)
        meeting = torch.einsum("ph,pkh->pk", own, in_places(vectors, at))
        alone = in_places(alone[:, None], at)[..., 0]
        scores: Tensor = self.bias + self.user_weights(users) + meeting + alone
        return scores


class NeuralFiltering(nn.Module):
    """Neural collaborative filtering whose items' vectors are their own plus the mean of their tags'.

    score = b + w · (z_u ∘ z) + MLP(z_u, z), z = z_i + mean of z_t over the item's tags (Kim 2021, eq. 5.12).
    The mean over no tags, 0/0 in print, is 0: such an item is its own vector. Source: He et al., "Neural
    collaborative filtering", WWW 2017, its two branches here of the same vectors, and one hidden layer.
    """

    def __init__(self, n_users: int, n_items: int, n_tags: int, h: int, hidden: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))
        self.users, self.items = nn.Embedding(n_users, h), nn.Embedding(n_items, h)
        self.tags = nn.EmbeddingBag(n_tags, h, mode="mean")  # the mean of an empty bag is 0
        self.product = nn.Parameter(torch.ones(h))
        self.of_user = nn.Linear(h, hidden)
        self.of_item = nn.Linear(h, hidden, bias=False)
        self.out = nn.Linear(hidden, 1, bias=False)

    @torch.no_grad()
    def begin(self, start: Started, scale: float, bias: float, inputs: sparse.csr_array) -> None:
        """Begin where scores are those of a factorisation, times a scale, plus a bias: the MLP adds 0."""
        root = np.float32(np.sqrt(scale))
        self.bias.fill_(bias)
        for embedding, values in (
            (self.users, start.users),
            (self.items, start.items),
            (self.tags, start.tags),
        ):
            embedding.weight.copy_(torch.from_numpy(np.ascontiguousarray(root * values, np.float32)))
        self.out.weight.zero_()

    def item_side(self, items: Tensor, tags: Tensor, begins: Tensor) -> tuple[Tensor, Tensor]:
        """Return what of items meets a user: vectors (items, h), and the hidden layer's (items, hidden)."""
        vectors = self.items(items) + self.tags(tags, begins)
        return vectors, self.of_item(vectors)

    def forward(self, users: Tensor, items: Tensor, tags: Tensor, begins: Tensor, at: Tensor) -> Tensor:
        """Return scores (plays, places); arguments as of `FactorisationMachine`."""
        vectors, layer = self.item_side(items, tags, begins)
        own = self.users(users)
        met = torch.einsum("ph,pkh->pk", own * self.product, in_places(vectors, at))
        hidden = torch.relu(self.of_user(own)[:, None, :] + in_places(layer, at))
        scores: Tensor = self.bias + met + self.out(hidden)[..., 0]
        return scores


def in_places(rows: Tensor, at: Tensor) -> Tensor:
    """Return rows[at], whose gradient adds up in the same order whatever the number of threads.

    That of indexing does not on a CPU: threads add to a row as they come, and no training is then bit for
    bit another.
    """
    return functional.embedding(at, rows)


def arrays_of(network: nn.Module) -> dict[str, np.ndarray]:
    """Return a network's numbers, by name."""
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}


def tensors_of(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return numbers by name as a network loads them."""
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}
