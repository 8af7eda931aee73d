"""Weston, Bengio and Hamel 2011 done again on data at hand: its tables, and its claims by rules."""

from taglab.studies.joint_space.report import study_report
from taglab.studies.joint_space.settings import JointSpaceStudy
from taglab.studies.joint_space.training import StudyFigures, carry_out

__all__ = ["JointSpaceStudy", "StudyFigures", "carry_out", "study_report"]
