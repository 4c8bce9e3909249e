"""What ``replisome doctor`` looks at: the machine, the places, the data, the cluster, and what a configuration takes."""
