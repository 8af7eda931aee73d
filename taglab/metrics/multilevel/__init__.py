"""Multilevel linear models: fixed effects, independent random effects of any groups, by REML or ML.

y = X β + Σ_k Z_k b_k + e, with b_k ~ N(0, σ_k² I) and e ~ N(0, σ² I). Every random term has a variance of
its own and no correlation with others; its groups may cross or nest those of other terms. That is what Kim's
models of chapters 2 and 5 need, and what statsmodels has for one grouping factor only.

The deviance is profiled over β and σ and minimised over θ_k = σ_k / σ with its exact gradient. Tests hold the
results against lme4, emmeans and lmerTest.

Source: Bates, Mächler, Bolker, Walker, "Fitting linear mixed-effects models using lme4", Journal of
Statistical Software 67 (2015), section 3; of degrees of freedom Kuznetsova, Brockhoff, Christensen,
"lmerTest package", ibid. 82 (2017).
"""

from __future__ import annotations

from taglab.metrics.multilevel.effects import RandomTerm
from taglab.metrics.multilevel.marginal import marginal_rows, pairwise
from taglab.metrics.multilevel.model import MultilevelModel, fit_multilevel
from taglab.metrics.multilevel.resampled import bootstrap, bootstrap_intervals
from taglab.metrics.multilevel.standardising import standardised

__all__ = [
    "MultilevelModel",
    "RandomTerm",
    "bootstrap",
    "bootstrap_intervals",
    "fit_multilevel",
    "marginal_rows",
    "pairwise",
    "standardised",
]
