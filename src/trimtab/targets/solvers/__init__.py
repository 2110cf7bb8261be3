"""Programmes over weights, their limits, and what solves them exactly."""
