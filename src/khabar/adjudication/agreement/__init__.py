"""How far annotators agree: coefficients over arrays.  What is computed here is neither read nor written here."""
