"""A linear autoregressive model: one player, an exact density, no codes."""
