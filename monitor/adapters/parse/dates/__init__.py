"""Dates as feeds and pages write them → aware moments. Pure."""
