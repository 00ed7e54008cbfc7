"""Requests made from the OpenAPI descriptions."""
