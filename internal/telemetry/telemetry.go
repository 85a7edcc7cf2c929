// Package telemetry is what Florin tells its operators: one wide log line per
// request and per job instead of many thin ones, metrics for Prometheus, and
// traces when a collector is set. It also is the last place that a secret
// passes before it would be seen, so everything logged goes through a
// scrubber, whatever the rooms above took care of.
package telemetry
