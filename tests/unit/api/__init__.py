"""Tests of chub.api against a servicer of our own."""
