"""Tests of the page: fixtures against the schema, and the built page in a browser."""
