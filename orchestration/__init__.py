"""Waybill: moves micro-conversion tracking into one warehouse and accounts for every record."""
