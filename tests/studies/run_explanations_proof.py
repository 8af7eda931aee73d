"""Do explanations name what listeners of the demo like? `python -m tests.studies.run_explanations_proof`.

Demos of several seeds: listeners like a style, and its family, which is known; many tags are junk, which
says nothing of the sound. Of every listener the five tags that count most for what is recommended, by LIME on
neighbours of items: how often they are of the planted family, and how often junk, beside how often a
tag of the items explained is. Intervals are over demos.
"""

import argparse

import numpy as np
import pandas as pd

from taglab.recommend import ItemNeighbours, ItemTags, fit
from taglab.recommend.explain import EXPLAINERS, explained_user
from taglab.sources.demo import DemoSettings, demo_truth, read_demo, read_demo_plays
from taglab.studies.explanations import drawn_users, explained_items

NAMED = 5


def shares(seed: int, explainer: str, n_users: int) -> dict[str, float]:
    """Return how often tags named, and tags of the items, are planted ones and junk, in one demo."""
    settings = DemoSettings(seed=seed)
    folksonomy = read_demo(settings)
    plays = read_demo_plays(settings, folksonomy)
    assert plays is not None
    known = demo_truth(folksonomy)
    families = known["family"].to_numpy()
    junk = (known["basis"] == "listener").to_numpy()
    tracks = folksonomy.tracks
    family_of_style = dict(zip(tracks["style"], tracks["family"], strict=True))
    recommender = fit(ItemNeighbours(), plays, ItemTags.of(folksonomy, plays.tracks))
    rows = []
    for user in drawn_users(recommender, n_users, seed):
        explained = explained_user(recommender, int(user), explained_items(recommender, int(user), 30, 30))
        theta = EXPLAINERS[explainer]().explain(explained, seed).user()
        named = np.argsort(-theta, kind="stable")[:NAMED]
        liked = families == family_of_style[plays.users["style"].iloc[user]]
        of_items = explained.tags.indices
        rows.append((liked[named].mean(), liked[of_items].mean(), junk[named].mean(), junk[of_items].mean()))
    planted, planted_by_chance, junk_named, junk_by_chance = np.mean(rows, axis=0)
    return {
        "planted": planted, "planted by chance": planted_by_chance,
        "junk": junk_named, "junk by chance": junk_by_chance, "planted less junk": planted - junk_named,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--explainer", choices=list(EXPLAINERS), default="lime")
    asked = parser.parse_args()
    table = pd.DataFrame([shares(seed, asked.explainer, asked.users) for seed in range(asked.seeds)])
    from scipy.stats import t

    reach = t.ppf(0.975, len(table) - 1) * table.sem()
    print(
        pd.DataFrame({"mean": table.mean(), "low": table.mean() - reach, "high": table.mean() + reach}).round(
            3
        )
    )


if __name__ == "__main__":
    main()
