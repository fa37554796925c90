"""Reading a query's rows as a stream without waiting for every small batch."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def wide_stream(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB buffer 16 MB of a streamed result instead of one, so that its threads go on while rows are taken."""
    connection.execute("SET streaming_buffer_size = '16MB'")
    try:
        yield
    finally:
        connection.execute("RESET streaming_buffer_size")
