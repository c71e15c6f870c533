"""Declared, scoped, timed: in its scope nobody outside the drill is told, beyond it all is real."""
