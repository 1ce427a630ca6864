"""How much of the evidence survives compression, and the weights that sentences are chosen by."""
