"""The time series: today in DuckDB, sealed days in Parquet, fed from the spool exactly once."""
