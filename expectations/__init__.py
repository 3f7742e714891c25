"""The event dictionary (`taxonomy.yaml`) and the Great Expectations suites of the gates."""
