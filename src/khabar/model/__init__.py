"""The nouns: article, span, relation, annotation, batch, label set, finding. No file is opened here."""
