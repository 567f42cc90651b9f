"""The run's page: one HTML file that opens offline."""
