"""A contest between the recipes for tables, which `auto-table` holds before it trains the winner."""
