"""What a customer asks: history, FAQ links, models, index and recommender.

Knows nothing of listings, training, HTTP or the command line.
"""
