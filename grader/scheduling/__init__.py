"""Where, when and together with whom submissions are measured: on this machine, or on the workers of a cluster."""
