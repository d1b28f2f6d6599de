from tests.store_contract import draw

__all__ = ["draw"]
