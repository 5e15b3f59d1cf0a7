"""Ad platforms, one folder each; what they have in common lies beside the folders."""
