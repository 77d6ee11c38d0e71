"""What is sold: collection, categories, moderation, similar listings, batch labelling."""
