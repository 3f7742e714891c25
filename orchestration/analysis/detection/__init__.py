"""Silent losses and changed rates: found in daily counts, named, dated to the hour and sized."""
