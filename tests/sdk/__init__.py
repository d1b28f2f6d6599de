"""Cloudinary's own SDKs, unchanged, against a gallery that runs as a program of its own."""
