"""`waybill inspect`."""
def inspect(path: str) -> None:
    """x"""
