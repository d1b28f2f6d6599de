"""Originals at Cloudflare Images."""
