"""`tocsin doctor`: looks at the broker as an outsider would, and at this machine, and says what to mend."""
