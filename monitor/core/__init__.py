"""Pure decisions: no I/O, no clock, no randomness. Time comes in as an argument, in UTC."""
