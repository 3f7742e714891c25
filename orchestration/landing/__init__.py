"""Landing: bytes to Parquet, exactly. One byte pass frames, hashes and counts every record."""
