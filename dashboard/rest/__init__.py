"""Thinks. The public API: lists with cursors, its documentation. Acts are in dashboard/actions.py."""
