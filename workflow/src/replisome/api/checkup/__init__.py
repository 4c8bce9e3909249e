"""What ``replisome doctor`` looks at: machine, places, data, cluster, and what a configuration takes."""
