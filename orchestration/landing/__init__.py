"""Landing: bytes to Parquet, exactly. One byte pass frames, hashes and counts every record."""

import os

import pyarrow as pa

# Tables of some megabytes come and go in several threads. Arrow's usual allocator asks for huge
# pages, and clearing those costs up to a third of landing; this one hands out pages it has.
if "jemalloc" in pa.supported_memory_backends() and not os.environ.get("ARROW_DEFAULT_MEMORY_POOL"):
    pa.set_memory_pool(pa.jemalloc_memory_pool())
