"""The compliance pack: what auditors ask for, each policy with the controls that it stands for."""

from policies.compliance import cis, data, licences
from policies.judging.rulebook import Pack

PACK = Pack("compliance", "What auditors ask for", (*data.POLICIES, *cis.POLICIES, *licences.POLICIES))
