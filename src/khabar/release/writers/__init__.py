"""Writers: tables out, files in.  Parquet is what a release is made of."""
