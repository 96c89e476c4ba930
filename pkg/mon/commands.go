package mon

// commands are all there are, by name. What they answer is in package status.
var commands = join(
	lookCommands, osdCommands, crushCommands, poolCommands, pgCommands, clusterCommands, monCommands,
)

func join(tables ...map[string]command) map[string]command {
	all := make(map[string]command)
	for _, t := range tables {
		for name, c := range t {
			all[name] = c
		}
	}
	return all
}
