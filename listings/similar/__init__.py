"""Listings that show one thing: found by words and by pictures, grouped, and watched for."""
