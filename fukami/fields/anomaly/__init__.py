"""Whether something is an anomaly, and from which score on it is called one."""
