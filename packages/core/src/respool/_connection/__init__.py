"""One place to send requests to one server: a socket and its FIFO, deadlines, statistics; TCP, TLS, unix."""
