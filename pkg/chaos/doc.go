// Package chaos runs scenarios on clusters of real processes, and judges what clients were told.
//
//	Target    a cluster to break: a lab, containers, network namespaces
//	Run       a scenario on a target: recorded clients, steps, faults at random; then all is healed, and judged
//	Folder    what a run leaves: scenario, history, faults, samples of the state, report; enough to judge it again
//	Verify    judges a folder
//	Clean     takes back what a run left that was killed
package chaos
