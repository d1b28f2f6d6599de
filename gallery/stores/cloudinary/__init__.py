"""Originals in a Cloudinary account."""
