package chaos

import (
	"fmt"
	"maps"

	"github.com/goccy/go-yaml"

	"zeph/pkg/scenario"
)

// composeFile is docker-compose.json: JSON is YAML, too.
type composeFile struct {
	Services map[string]service `json:"services" yaml:"services"`
	Networks map[string]any     `json:"networks" yaml:"networks"`
	Volumes  map[string]any     `json:"volumes" yaml:"volumes"`
}

type service map[string]any

// shape makes of docker-compose.yml one with as many monitors and OSDs as a scenario wants, each like those shipped.
// Variables stay as they are, for docker-compose to replace.
func shape(shipped []byte, source string, s *scenario.Scenario) (*composeFile, error) {
	file := &composeFile{}
	if err := yaml.Unmarshal(shipped, file); err != nil {
		return nil, err
	}
	like := make(map[string]service)
	for _, name := range []string{"setup", "mon-a", "h1-osd-0", "osd-extra", "client"} {
		if like[name] = file.Services[name]; like[name] == nil {
			return nil, fmt.Errorf("no service %s", name)
		}
	}
	build, _ := like["setup"]["build"].(map[string]any)
	if build == nil {
		return nil, fmt.Errorf("service setup builds no image")
	}
	build["context"] = source
	file.Services = map[string]service{"client": like["client"]}
	file.Volumes = map[string]any{"cluster": nil}

	created := []any{"zeph-mon", "new-cluster", "--keep", "--cluster", "/cluster/zeph.yaml"}
	started := map[string]any{"setup": map[string]any{"condition": "service_completed_successfully"}}
	for i := range s.Mons {
		name := string(rune('a' + i))
		created = append(created, name+"=mon-"+name)
		file.add("mon-"+name, like["mon-a"], service{"command": []any{"zeph-mon", "run", "--mkfs", "--name", name}}, nil)
		started["mon-"+name] = map[string]any{"condition": "service_started"}
	}
	file.Services["setup"] = like["setup"].with(service{"command": created})
	for i := range s.OSDs {
		file.add(fmt.Sprint("osd-", i), like["h1-osd-0"], service{"depends_on": started},
			map[string]any{"ZEPH_ID": i, "ZEPH_CRUSH_LOCATION": locationOf(s, i)})
	}
	file.Services["osd-extra"] = like["osd-extra"].with(service{"depends_on": started})
	file.Volumes["osd-extra"] = nil
	return file, nil
}

// add adds a service like another, with a volume of its own and other variables.
func (f *composeFile) add(name string, like, changed service, env map[string]any) {
	s := like.with(changed)
	s["volumes"] = []any{"cluster:/cluster:ro", name + ":/data"}
	s.set(env)
	f.Services[name], f.Volumes[name] = s, nil
}

// addExtra adds a service of one OSD that asks for its id, at a place in the hierarchy; empty: one of its own.
func (f *composeFile) addExtra(name, place string) {
	env := map[string]any{}
	if place != "" {
		env["ZEPH_CRUSH_LOCATION"] = place
	}
	f.add(name, f.Services["osd-extra"], service{"scale": 1}, env)
}

// with is a service with some keys changed.
func (s service) with(changed service) service {
	s = maps.Clone(s)
	maps.Copy(s, changed)
	return s
}

// set changes environment variables, in a copy that is the service's own.
func (s service) set(env map[string]any) {
	old, _ := s["environment"].(map[string]any)
	all := make(map[string]any)
	maps.Copy(all, old)
	maps.Copy(all, env)
	s["environment"] = all
}
