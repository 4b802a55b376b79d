"""What every emulated provider is made of: WebSocket and HTTP servers, faults, limits, a proxy."""
