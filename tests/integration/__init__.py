"""The product's web processes, started as `make run` starts them, and real sockets to them."""
