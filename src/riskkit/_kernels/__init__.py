"""Pure maths: arrays in, arrays out; no validation, no state, no I/O."""
