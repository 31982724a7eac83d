"""Carrying a plan out: rows and files, in batches, each of them whole or not at all.

The model classes are handed in: today's, or those of a moment in the migrations' history.
"""
